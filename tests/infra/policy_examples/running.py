"""Stacks that keep and break the rules on what happens when something goes wrong."""

from collections.abc import Mapping
from typing import Final

from tests.infra.policy_examples.parts import (
    BUCKET,
    CHART,
    CLUSTER,
    DEAD,
    DEPLOYMENT,
    DOMAIN,
    ERRORS,
    FLOWS,
    FUNCTION,
    KEY,
    LETTERS,
    LOGGED,
    MAPPING,
    NAMESPACE,
    OLD,
    POOL,
    QUEUE,
    REDRIVE,
    ROLE,
    STAGE,
    TABLE,
    THROTTLES,
    VERSIONED,
    VPC,
    pods_with,
    protected,
)
from tests.infra.policy_examples.writing import GONE, Example, a, but, each_wrong

RUNNING: Final[Mapping[str, Example]] = {
    "queues-have-dead-letters": Example(
        good=(QUEUE, DEAD, REDRIVE),
        bad={
            "none": (but(a("aws:sqs/queue:Queue"), "redrivePolicy", GONE),),
            "one for two": (
                QUEUE,
                a("aws:sqs/queue:Queue", "second", uses={"redrivePolicy": DEAD}, redrivePolicy="{}"),
                DEAD,
                REDRIVE,
            ),
            "of whoever sends": (QUEUE, DEAD),
            **each_wrong((QUEUE, DEAD, REDRIVE), messageRetentionSeconds=345_600),
        },
    ),
    "queues-are-watched": Example(
        good=(QUEUE, DEAD, OLD, LETTERS), bad={"old ones": (QUEUE, DEAD, LETTERS), "dead ones": (QUEUE, DEAD, OLD)}
    ),
    "messages-are-worked-on-once": Example(
        good=(QUEUE, FUNCTION, MAPPING),
        bad={
            **each_wrong((QUEUE, FUNCTION, MAPPING), visibilityTimeoutSeconds=30),
            **each_wrong((MAPPING, QUEUE, FUNCTION), functionResponseTypes=GONE),
        },
    ),
    "logs-end": Example(
        good=(a("aws:cloudwatch/logGroup:LogGroup", retentionInDays=30),),
        bad={"never": (a("aws:cloudwatch/logGroup:LogGroup"),)},
    ),
    "what-happened-can-be-read": Example(
        good=(FUNCTION, STAGE, CLUSTER, DOMAIN),
        bad={
            **each_wrong((FUNCTION,), loggingConfig=GONE),
            **each_wrong((STAGE,), accessLogSettings=GONE),
            **each_wrong((CLUSTER,), enabledClusterLogTypes=["api"]),
            **each_wrong(
                (DOMAIN,), logPublishingOptions__0__enabled=False, logPublishingOptions__1__cloudwatchLogGroupArn=GONE
            ),
        },
    ),
    "networks-log-flows": Example(
        good=(VPC, FLOWS), bad={"none": (VPC,), "what was accepted": (VPC, but(FLOWS, "trafficType", "ACCEPT"))}
    ),
    "buckets-log-access": Example(good=(BUCKET, LOGGED), bad={"none": (BUCKET,)}),
    "functions-are-traced": Example(good=(FUNCTION,), bad=each_wrong((FUNCTION,), tracingConfig__mode="PassThrough")),
    "functions-have-own-roles": Example(
        good=(FUNCTION,),
        bad={
            "shared": (FUNCTION, a("aws:lambda/function:Function", "second", uses={"role": ROLE})),
            "from elsewhere": (a("aws:lambda/function:Function", role="arn:aws:iam::111122223333:role/all"),),
        },
    ),
    "functions-are-bounded": Example(
        good=(FUNCTION, MAPPING, STAGE),
        bad={
            **each_wrong((MAPPING, FUNCTION), scalingConfig=GONE),
            **each_wrong((STAGE, FUNCTION), defaultRouteSettings=GONE),
        },
    ),
    "functions-are-watched": Example(
        good=(FUNCTION, ERRORS, THROTTLES), bad={"errors": (FUNCTION, THROTTLES), "throttles": (FUNCTION, ERRORS)}
    ),
    "the-api-is-throttled": Example(
        good=(STAGE,), bad=each_wrong((STAGE,), defaultRouteSettings__throttlingBurstLimit=GONE)
    ),
    "state-is-protected": Example(
        good=tuple(map(protected, (BUCKET, TABLE, QUEUE, KEY, POOL, DOMAIN))),
        bad={
            "by Pulumi": (TABLE,),
            "by DynamoDB": (protected(but(TABLE, "deletionProtectionEnabled", value=False)),),
            "by Cognito": (protected(but(POOL, "deletionProtection", "INACTIVE")),),
            "by S3": (protected(but(BUCKET, "forceDestroy", value=True)),),
            "by KMS": (protected(but(KEY, "deletionWindowInDays", 7)),),
        },
    ),
    "state-can-be-restored": Example(good=(TABLE,), bad=each_wrong((TABLE,), pointInTimeRecovery__enabled=False)),
    "buckets-keep-versions": Example(
        good=(BUCKET, VERSIONED),
        bad={
            "none": (BUCKET,),
            **each_wrong((VERSIONED, BUCKET), versioningConfiguration__status="Suspended"),
        },
    ),
    "pods-are-restricted": Example(
        good=(DEPLOYMENT,),
        bad={
            **pods_with(
                pod__hostNetwork=True, pod__securityContext__runAsNonRoot=False, pod__securityContext__runAsUser=0
            ),
            **pods_with(
                pod__securityContext__seccompProfile=GONE, pod__volumes=[{"name": "a", "hostPath": {"path": "/"}}]
            ),
            **pods_with(context__allowPrivilegeEscalation=True, context__capabilities=GONE, context__privileged=True),
            **pods_with(context__readOnlyRootFilesystem=False, context__capabilities__add=["SYS_ADMIN"]),
            **pods_with(container__ports=[{"hostPort": 80}]),
        },
    ),
    "pods-are-bounded": Example(
        good=(DEPLOYMENT,), bad=pods_with(container__resources__limits=GONE, pod__automountServiceAccountToken=True)
    ),
    "namespaces-enforce": Example(
        good=(NAMESPACE, DEPLOYMENT, CHART),
        bad={
            **each_wrong((NAMESPACE,), metadata__labels={}),
            **each_wrong((CHART, NAMESPACE), namespace="default"),
            **each_wrong((DEPLOYMENT, NAMESPACE), metadata__namespace=GONE),
        },
    ),
}
