"""Resources as they should be, for examples to break."""

from dataclasses import replace
from typing import Any, Final

from infra.policy.subject import Subject
from tests.infra.policy_examples.writing import ARN, DIGEST, Stack, a, but, policy

BUCKET: Final = a("aws:s3/bucket:Bucket", forceDestroy=False)
OF_BUCKET: Final = {"bucket": BUCKET}
BLOCK: Final = a(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    uses=OF_BUCKET,
    blockPublicAcls=True,
    blockPublicPolicy=True,
    ignorePublicAcls=True,
    restrictPublicBuckets=True,
)
OWNED: Final = a(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    uses=OF_BUCKET,
    rule={"objectOwnership": "BucketOwnerEnforced"},
)
ENCRYPTED: Final = a(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    uses=OF_BUCKET,
    rules=[
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": ARN},
            "bucketKeyEnabled": True,
        }
    ],
)
NO_TLS: Final = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:*"],
    "Resource": ["arn:aws:s3:::photos"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
REFUSING: Final = a("aws:s3/bucketPolicy:BucketPolicy", uses=OF_BUCKET, policy=policy(NO_TLS))
VERSIONED: Final = a(
    "aws:s3/bucketVersioning:BucketVersioning", uses=OF_BUCKET, versioningConfiguration={"status": "Enabled"}
)
LOGGED: Final = a("aws:s3/bucketLogging:BucketLogging", uses=OF_BUCKET)

LOGS_HERE: Final = a("aws:s3/bucketLogging:BucketLogging", "of-another", uses={"targetBucket": BUCKET})

CLUSTER: Final = a(
    "aws:eks/cluster:Cluster",
    accessConfig={"authenticationMode": "API"},
    vpcConfig={"endpointPrivateAccess": True, "endpointPublicAccess": False},
    encryptionConfig={"provider": {"keyArn": ARN}, "resources": ["secrets"]},
    enabledClusterLogTypes=["api", "audit", "authenticator"],
)
DOMAIN: Final = a(
    "aws:opensearch/domain:Domain",
    vpcOptions={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
    advancedSecurityOptions={
        "enabled": True,
        "internalUserDatabaseEnabled": False,
        "masterUserOptions": {"masterUserArn": ARN},
    },
    encryptAtRest={"enabled": True, "kmsKeyId": ARN},
    nodeToNodeEncryption={"enabled": True},
    domainEndpointOptions={"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
    logPublishingOptions=[
        {"logType": log, "cloudwatchLogGroupArn": ARN} for log in ("AUDIT_LOGS", "ES_APPLICATION_LOGS")
    ],
)
CACHE: Final = a(
    "aws:elasticache/replicationGroup:ReplicationGroup",
    subnetGroupName="private",
    securityGroupIds=["sg-1"],
    atRestEncryptionEnabled="true",
    kmsKeyId=ARN,
    transitEncryptionEnabled=True,
    userGroupIds=["functions"],
)
TEMPLATE: Final = a(
    "aws:ec2/launchTemplate:LaunchTemplate",
    metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 1},
    tagSpecifications=[
        {"resourceType": kind, "tags": {"project": "lookalike", "stack": "shop"}} for kind in ("instance", "volume")
    ],
    blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": ARN}}],
)

VPC: Final = a("aws:ec2/vpc:Vpc")
SHUT: Final = a("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", uses={"vpcId": VPC})
FLOWS: Final = a("aws:ec2/flowLog:FlowLog", uses={"vpcId": VPC}, trafficType="ALL")
INGRESS: Final = a(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    securityGroupId="sg-1",
    cidrIpv4="10.0.0.0/16",
    ipProtocol="tcp",
)

DEAD: Final = a("aws:sqs/queue:Queue", "dead", kmsMasterKeyId=ARN, messageRetentionSeconds=1_209_600)
QUEUE: Final = a(
    "aws:sqs/queue:Queue",
    uses={"redrivePolicy": DEAD},
    kmsMasterKeyId=ARN,
    messageRetentionSeconds=1_209_600,
    redrivePolicy='{"maxReceiveCount": 5}',
    visibilityTimeoutSeconds=90,
)
REDRIVE: Final = a("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", uses={"queueUrl": DEAD})
OLD: Final = a(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "old",
    uses={"dimensions": QUEUE},
    metricName="ApproximateAgeOfOldestMessage",
)
LETTERS: Final = a(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "letters",
    uses={"dimensions": DEAD},
    metricName="ApproximateNumberOfMessagesVisible",
)
ROLE: Final = a("aws:iam/role:Role")
FUNCTION: Final = a(
    "aws:lambda/function:Function",
    uses={"role": ROLE},
    kmsKeyArn=ARN,
    timeout=15,
    loggingConfig={"logGroup": "function"},
    tracingConfig={"mode": "Active"},
    environment={"variables": {"LOOKALIKE_OPENSEARCH_ENDPOINT": "https://search.example"}},
)
MAPPING: Final = a(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    uses={"functionName": FUNCTION, "eventSourceArn": QUEUE},
    functionResponseTypes=["ReportBatchItemFailures"],
    scalingConfig={"maximumConcurrency": 8},
)
STAGE: Final = a(
    "aws:apigatewayv2/stage:Stage",
    accessLogSettings={"destinationArn": ARN},
    defaultRouteSettings={"throttlingRateLimit": 100, "throttlingBurstLimit": 200},
)
ERRORS, THROTTLES = (
    a("aws:cloudwatch/metricAlarm:MetricAlarm", what, uses={"dimensions": FUNCTION}, metricName=what)
    for what in ("Errors", "Throttles")
)
TABLE: Final = a(
    "aws:dynamodb/table:Table",
    serverSideEncryption={"enabled": True, "kmsKeyArn": ARN},
    pointInTimeRecovery={"enabled": True},
    deletionProtectionEnabled=True,
)
POOL: Final = a("aws:cognito/userPool:UserPool", deletionProtection="ACTIVE")
AUTHORISER: Final = a(
    "aws:apigatewayv2/authorizer:Authorizer",
    authorizerType="JWT",
    jwtConfiguration={"issuer": "https://login.shop.example", "audiences": ["api"]},
)
PEOPLE: Final = a(
    "aws:cognito/userPool:UserPool",
    adminCreateUserConfig={"allowAdminCreateUserOnly": True},
    passwordPolicy={"minimumLength": 20},
)
CLIENT: Final = a(
    "aws:cognito/userPoolClient:UserPoolClient",
    allowedOauthFlows=["client_credentials"],
    explicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
    enableTokenRevocation=True,
    preventUserExistenceErrors="ENABLED",
    accessTokenValidity=60,
    tokenValidityUnits={"accessToken": "minutes"},
)
KEY: Final = a("aws:kms/key:Key", enableKeyRotation=True, deletionWindowInDays=30)

CONTAINER: Final = {
    "name": "triton",
    "image": DIGEST,
    "resources": {"requests": {"cpu": "4", "memory": "8Gi"}, "limits": {"memory": "8Gi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    },
}
POD: Final = {
    "serviceAccountName": "triton",
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [CONTAINER],
    "volumes": [{"name": "scratch", "emptyDir": {}}],
}
DEPLOYMENT: Final = a(
    "kubernetes:apps/v1:Deployment", metadata={"namespace": "inference"}, spec={"template": {"spec": POD}}
)
SPEC: Final = "spec.template.spec"
CONTEXT: Final = f"{SPEC}.containers.0.securityContext"
NAMESPACE: Final = a(
    "kubernetes:core/v1:Namespace",
    metadata={"name": "inference", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
)
CHART: Final = a(
    "kubernetes:helm.sh/v3:Release",
    namespace="inference",
    version="1.0.0",
    repositoryOpts={"repo": "https://charts.example"},
    values={"image": {"tag": f"v1@sha256:{'0' * 64}"}},
)
HEADERS: Final = a(
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
    securityHeadersConfig={
        "contentSecurityPolicy": {"contentSecurityPolicy": "default-src 'self'", "override": True},
        "contentTypeOptions": {"override": True},
        "frameOptions": {"frameOption": "DENY", "override": True},
        "referrerPolicy": {"referrerPolicy": "no-referrer", "override": True},
        "strictTransportSecurity": {
            "accessControlMaxAgeSec": 31_536_000,
            "includeSubdomains": True,
            "override": True,
        },
    },
)
USER: Final = a("aws:elasticache/user:User", authenticationMode={"type": "iam"}, accessString="on ~* +@read")
NETWORK_POLICY: Final = a(
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    spec={"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/16"}}], "ports": [{"port": 8001}]}]},
)


def protected(subject: Subject, *, protect: bool = True) -> Subject:
    return replace(subject, protect=protect)


def pods_with(**wrong: Any) -> dict[str, Stack]:
    places = {"pod": SPEC, "context": CONTEXT, "container": f"{SPEC}.containers.0"}
    return {
        f"{name} = {value}": (
            but(DEPLOYMENT, f"{places[name.split('__')[0]]}.{name.split('__', 1)[1].replace('__', '.')}", value),
        )
        for name, value in wrong.items()
    }


SERVICE: Final = a(
    "kubernetes:core/v1:Service",
    spec={"type": "LoadBalancer"},
    metadata={"annotations": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}},
)
ROUTE: Final = a(
    "aws:apigatewayv2/route:Route",
    operationName="search",
    routeKey="POST /v1/search",
    authorizationType="JWT",
    authorizerId="1",
)
PERMISSION: Final = a("aws:lambda/permission:Permission", principal="apigateway.amazonaws.com", sourceArn=ARN)
DISTRIBUTION: Final = a(
    "aws:cloudfront/distribution:Distribution",
    defaultCacheBehavior={"viewerProtocolPolicy": "redirect-to-https"},
    viewerCertificate={"acmCertificateArn": ARN, "minimumProtocolVersion": "TLSv1.2_2021"},
)
EXPOSED: Final = (CLUSTER, DOMAIN, CACHE, TEMPLATE, ROUTE, PERMISSION, SERVICE, BUCKET)
STORES: Final = (QUEUE, TABLE, DOMAIN, CACHE, CLUSTER, TEMPLATE, KEY, FUNCTION)
SPEAKING: Final = (DOMAIN, CACHE, DISTRIBUTION)
