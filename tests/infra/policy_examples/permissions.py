"""Stacks that keep and break the rules on who may do what, and what is written down."""

from collections.abc import Mapping
from typing import Final

from tests.infra.policy_examples.parts import (
    AUTHORISER,
    CHART,
    CLIENT,
    CLUSTER,
    DEPLOYMENT,
    DOMAIN,
    PEOPLE,
    SPEC,
    TEMPLATE,
    USER,
    pods_with,
)
from tests.infra.policy_examples.writing import (
    GONE,
    Example,
    a,
    a_resource_policy,
    a_role_policy,
    allow,
    but,
    each_wrong,
)

PERMISSIONS: Final[Mapping[str, Example]] = {
    "policies-are-readable": Example(
        good=a_role_policy(allow()),
        bad={
            "no JSON": (a("aws:iam/rolePolicy:RolePolicy", policy="{oops"),),
            "the old language": a_role_policy(allow(), version="2008-10-17"),
        },
    ),
    "no-wildcards": Example(
        good=a_role_policy(allow(), allow(Action=["xray:PutTraceSegments"], Resource="*")),
        bad={
            "any action": a_role_policy(allow(Action=["s3:*"])),
            "any of many": a_role_policy(allow(Action="s3:Get*")),
            "any resource": a_role_policy(allow(Resource="*")),
            "any bucket": a_role_policy(allow(Resource=["arn:aws:s3:::*"])),
            "all but": a_role_policy({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": ["arn:aws:s3:::a"]}),
            "an exception elsewhere": a_role_policy(allow(Action=["kms:*"], Resource="*")),
            "an exception and more": a_role_policy(
                allow(Action=["xray:PutTraceSegments", "xray:GetTraceSummaries"], Resource="*")
            ),
        },
    ),
    "nobody-unnamed": Example(
        good=a_resource_policy(allow(Principal={"AWS": "arn:aws:iam::111122223333:root"})),
        bad={
            "everybody": a_resource_policy(allow(Principal="*")),
            "every account": a_resource_policy(allow(Principal={"AWS": "*"})),
        },
    ),
    "services-for-this-account": Example(
        good=a_resource_policy(
            allow(
                Principal={"Service": "s3.amazonaws.com"},
                Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}},
            )
        ),
        bad={"for anybody": a_resource_policy(allow(Principal={"Service": "s3.amazonaws.com"}))},
    ),
    "managed-policies-have-a-reason": Example(
        good=(a("aws:iam/rolePolicyAttachment:RolePolicyAttachment", policyArn="arn:aws:iam::111122223333:policy/a"),),
        bad={
            "an administrator": (
                a(
                    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                    policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
                ),
            ),
            "beside": (a("aws:iam/role:Role", managedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]),),
        },
    ),
    "sign-in-is-sound": Example(
        good=(AUTHORISER, PEOPLE, CLIENT, DOMAIN, CLUSTER, USER, but(USER, "accessString", "off")),
        bad={
            **each_wrong((AUTHORISER,), authorizerType="REQUEST", jwtConfiguration__audiences=[]),
            **each_wrong((AUTHORISER,), jwtConfiguration__issuer="http://login.shop.example"),
            **each_wrong((PEOPLE,), adminCreateUserConfig=GONE, passwordPolicy__minimumLength=8),
            **each_wrong((CLIENT,), allowedOauthFlows=["implicit"], explicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]),
            **each_wrong((CLIENT,), enableTokenRevocation=GONE, preventUserExistenceErrors="LEGACY"),
            **each_wrong((CLIENT,), accessTokenValidity=600, explicitAuthFlows=GONE),
            **each_wrong((DOMAIN,), advancedSecurityOptions__internalUserDatabaseEnabled=True),
            **each_wrong((DOMAIN,), advancedSecurityOptions__masterUserOptions=GONE),
            **each_wrong((CLUSTER,), accessConfig__authenticationMode="CONFIG_MAP"),
            **each_wrong((USER,), authenticationMode__type="no-password-required"),
        },
    ),
    "no-plain-secrets": Example(
        good=(
            a("aws:opensearch/domain:Domain", masterUserPassword="arn:aws:secretsmanager:eu-west-1:1:secret:a"),
            a("aws:lambda/function:Function", environment={"variables": {"CATALOGUE_CLAIM": "shop"}}),
        ),
        bad={
            "a password": (a("aws:rds/instance:Instance", masterPassword="correct horse"),),
            "a token that functions are told": (
                a("aws:lambda/function:Function", environment={"variables": {"REDIS_TOKEN": "s3cr3t"}}),
            ),
            "an access key": (a("aws:ssm/parameter:Parameter", value="AKIA" + "A" * 16),),
            "an address with a password": (a("aws:ssm/parameter:Parameter", value="rediss://u:p4ss@cache:6379"),),
            "a private key": (a("kubernetes:core/v1:ConfigMap", data={"key": "-----BEGIN RSA PRIVATE KEY-----"}),),
        },
    ),
    "all-is-tagged": Example(
        good=(
            a("aws:sqs/queue:Queue", tags={"project": "lookalike", "stack": "shop"}),
            a("aws:lambda/permission:Permission"),
        ),
        bad={
            "no tags": (a("aws:sqs/queue:Queue"),),
            "not of a stack": (a("aws:lambda/function:Function", tags={"project": "lookalike"}),),
        },
    ),
    "machines-are-tagged": Example(
        good=(TEMPLATE,),
        bad={
            **each_wrong((TEMPLATE,), tagSpecifications=GONE),
            **each_wrong((TEMPLATE,), tagSpecifications__0__tags={"project": "lookalike"}),
        },
    ),
    "images-by-digest": Example(
        good=(DEPLOYMENT,),
        bad={
            "a tag": pods_with(container__image="registry.example/triton:24.05")[
                "container__image = registry.example/triton:24.05"
            ],
            "before it": (but(DEPLOYMENT, f"{SPEC}.initContainers", [{"name": "first", "image": "busybox"}]),),
            **each_wrong((CHART,), values__image__tag="v1", values=GONE),
            "a function's": (a("aws:lambda/function:Function", imageUri="registry.example/prepare:latest"),),
        },
    ),
    "charts-by-version": Example(
        good=(CHART,), bad=each_wrong((CHART,), version=GONE, repositoryOpts__repo="http://charts.example")
    ),
}
