"""Take any one protection away from what the program declares, and a rule of the policy pack is broken."""

from dataclasses import replace
from typing import Final

import pytest

from infra.policy.rule import EstateRule, Rule, violations
from infra.policy.rules import RULES
from infra.policy.rules.durability import REBUILT, STATEFUL
from infra.policy.subject import Estate, Subject
from infra.rehearsal.plan import Plan
from tests.infra.estates import subjects_of
from tests.infra.mutations import protections

GUARDS: Final = (
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/flowLog:FlowLog",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
)
"""Types that are there to guard another resource."""
WATCHED: Final = ("aws:sqs/queue:Queue", "aws:lambda/function:Function")
HEARD: Final = {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "Errors", "Throttles"}
"""What alarms of the rules are about; the others are of use, and nobody's guard."""

HEADERS: Final = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy securityHeadersConfig"
POD: Final = "kubernetes:apps/v1:Deployment spec.template.spec"
CHART: Final = "kubernetes:helm.sh/v3:Release values"
HARMLESS: Final = {
    "aws:apigatewayv2/route:Route::api-readHealth authorizationType": "anybody may ask already",
    "aws:apigatewayv2/stage:Stage routeSettings[].throttlingBurstLimit": "the default's applies then",
    "aws:apigatewayv2/stage:Stage routeSettings[].throttlingRateLimit": "the default's applies then",
    f"{HEADERS}.strictTransportSecurity.preload": "browsers learn it on the first visit then",
    "aws:cognito/userPoolClient:UserPoolClient accessTokenValidity": "an hour then, Cognito's own",
    "aws:cognito/userPoolClient:UserPoolClient allowedOauthFlowsUserPoolClient": "no token at all then",
    "aws:cognito/userPoolClient:UserPoolClient allowedOauthFlows[]": "no token at all then",
    "aws:cognito/userPoolClient:UserPoolClient allowedOauthScopes[]": "no token at all then",
    "aws:ec2/launchTemplate:LaunchTemplate vpcSecurityGroupIds[]": "the default group's then, which is shut",
    "aws:ec2/vpcEndpoint:VpcEndpoint privateDnsEnabled": "nobody finds the endpoint then, and the way out is shut",
    "aws:ec2/vpcEndpoint:VpcEndpoint securityGroupIds[]": "the default group's then, which is shut",
    "aws:elasticache/replicationGroup:ReplicationGroup transitEncryptionMode": "AWS's own is to require it",
    "aws:lambda/function:Function loggingConfig.logFormat": "plain lines then",
    "aws:lambda/function:Function replaceSecurityGroupsOnDestroy": "about tearing down",
    "aws:lambda/function:Function vpcConfig.securityGroupIds[]": "AWS refuses subnets without a group",
    "aws:lb/loadBalancer:LoadBalancer enableDeletionProtection": "holds nothing; the next `up` makes it again",
    "aws:lb/loadBalancer:LoadBalancer securityGroups[]": "the default group's then, which is shut",
    "aws:opensearch/domain:Domain::index logPublishingOptions[].cloudwatchLogGroupArn": "slow searches are for speed",
    "aws:s3/bucket:Bucket::website forceDestroy": "its pages are in the repository",
    "aws:s3/bucketObjectv2:BucketObjectv2 kmsKeyId": "the bucket's own default is the same key",
    "aws:s3/bucketObjectv2:BucketObjectv2 serverSideEncryption": "the bucket's own default is the same",
    "aws:sqs/queue:Queue kmsDataKeyReusePeriodSeconds": "how often KMS is asked",
    "kubernetes:core/v1:Namespace metadata.labels.pod-security.kubernetes.io/audit": "what is refused is in the log",
    "kubernetes:core/v1:Namespace metadata.labels.pod-security.kubernetes.io/warn": "what is refused is told",
    "kubernetes:core/v1:Service spec.externalTrafficPolicy": "a hop more then",
    "kubernetes:core/v1:ServiceAccount automountServiceAccountToken": "its pods refuse the token themselves",
    "kubernetes:keda.sh/v1alpha1:ScaledObject spec.triggers[].authenticationRef.name": "KEDA sees no queue then",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy spec.egress[].to[].ipBlock.cidr": "Kubernetes refuses it",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy spec.ingress[].from[].ipBlock.cidr": "Kubernetes refuses it",
    f"{POD}.containers[].volumeMounts[].readOnly": "a copy of the pod's own",
    **dict.fromkeys(
        (f"{POD}.securityContext.{what}" for what in ("fsGroup", "runAsGroup", "runAsUser")),
        "the image's own user then, which must not be root",
    ),
    f"{POD}.securityContext.runAsNonRoot": "each container says so itself",
    **dict.fromkeys(
        (
            *(f"{CHART}.securityContext.{what}" for what in ("fsGroup", "runAsGroup", "runAsNonRoot", "runAsUser")),
            f"{CHART}.securityContext.seccompProfile.type",
            f"{CHART}.containerSecurityContext.allowPrivilegeEscalation",
            f"{CHART}.containerSecurityContext.capabilities.drop[]",
            f"{CHART}.containerSecurityContext.readOnlyRootFilesystem",
        ),
        "its namespace refuses what is not restricted",
    ),
}
"""Inputs that sound like a protection, of which none is lost when they are left out, and why."""


@pytest.fixture(scope="module")
def stack(production: Plan) -> list[Subject]:
    return declared(production)


def declared(plan: Plan) -> list[Subject]:
    return [subject for subject in subjects_of(plan) if subject.type.startswith(("aws:", "kubernetes:"))]


def alone(subject: Subject) -> set[str]:
    """The rules that a resource breaks by itself."""
    single = [rule for rule in RULES if isinstance(rule, Rule)]
    return {violation.rule for violation in violations(single, Estate([subject]))}


def among(others: list[Subject], *instead: Subject) -> set[str]:
    """The rules that the stack as a whole breaks."""
    whole = [rule for rule in RULES if isinstance(rule, EstateRule)]
    return {violation.rule for violation in violations(whole, Estate([*others, *instead]))}


def without(stack: list[Subject], subject: Subject) -> list[Subject]:
    return [other for other in stack if other is not subject]


def kinds(stack: list[Subject]) -> set[str]:
    return {f"{subject.type} {path}" for subject in stack for path, _ in protections(subject)}


def unguarded(stack: list[Subject], of_kinds: set[str]) -> set[str]:
    """Kinds of inputs that no rule is about; where one is but not for each resource, with that resource's name."""
    guarded, lost = set[str](), dict[tuple[str, str], str]()
    for subject in stack:
        rest = without(stack, subject)
        for path, changed in protections(subject):
            kind = f"{subject.type} {path}"
            if kind in of_kinds and any(alone(one) or among(rest, one) for one in changed):
                guarded.add(kind)
            elif kind in of_kinds:
                lost[kind, subject.name] = f"{subject.type}::{subject.name} {path}"
    return {named if kind in guarded else kind for (kind, _), named in lost.items()}


def test_an_input_that_protects_cannot_be_left_out_or_switched(starter: Plan, production: Plan) -> None:
    small, large = declared(starter), declared(production)
    of_large = kinds(large)
    assert len(of_large) > 100
    only_of_small = kinds(small) - of_large
    assert unguarded(large, of_large) | unguarded(small, only_of_small) == set(HARMLESS)


def test_a_resource_that_guards_another_cannot_be_left_out(stack: list[Subject]) -> None:
    watched = {subject.urn for subject in stack if subject.type in WATCHED}
    guards = [subject for subject in stack if subject.type in GUARDS and _is_guard(subject, watched)]
    assert {guard.type for guard in guards} == set(GUARDS)
    assert [guard.urn for guard in guards if not among(without(stack, guard))] == []


def _is_guard(subject: Subject, watched: set[str]) -> bool:
    about = subject.uses.get("dimensions", frozenset())
    return "Alarm" not in subject.type or bool(about & watched and subject.inputs.get("metricName") in HEARD)


def test_what_holds_state_cannot_lose_its_protection(stack: list[Subject]) -> None:
    stores = [subject for subject in stack if subject.type in STATEFUL and subject.name not in REBUILT]
    assert len(stores) >= 10
    for store in stores:
        assert "state-is-protected" in among(without(stack, store), replace(store, protect=False)), store.urn


def test_a_statement_cannot_be_widened(stack: list[Subject]) -> None:
    policies = [subject for subject in stack if subject.type == "aws:iam/rolePolicy:RolePolicy"]
    grants = [policy for policy in policies if '"Allow"' in policy.inputs["policy"]]
    assert len(grants) > 30
    for grant in grants:
        wider = replace(grant, inputs={**grant.inputs, "policy": _everything(grant.inputs["policy"])})
        assert alone(wider), grant.name


def _everything(policy: str) -> str:
    return policy.replace('"Action": ["', '"Action": ["*", "').replace('"Action":["', '"Action":["*","')
