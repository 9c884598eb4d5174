"""Which prices each kind of AWS resource follows, so that nothing is declared that no estimate knows of."""

from collections.abc import Mapping
from typing import Final

_PRICED: Final = {
    "aws:apigatewayv2/api:Api": ("api.requests",),
    "aws:cloudfront/distribution:Distribution": ("cloudfront.data", "cloudfront.requests"),
    "aws:cloudwatch/dashboard:Dashboard": ("cloudwatch.dashboards",),
    "aws:cloudwatch/logGroup:LogGroup": ("cloudwatch.logs", "cloudwatch.kept"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": ("cloudwatch.metrics",),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch.alarms",),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": ("cloudwatch.composites",),
    "aws:cognito/userPoolClient:UserPoolClient": ("cognito.clients", "cognito.tokens"),
    "aws:dynamodb/table:Table": ("dynamodb.writes", "dynamodb.reads", "dynamodb.storage", "dynamodb.backup"),
    "aws:dynamodb/tableReplica:TableReplica": ("dynamodb.replicated_writes", "dynamodb.storage", "dynamodb.backup"),
    "aws:ec2/eip:Eip": ("address.hours",),
    "aws:ec2/flowLog:FlowLog": ("cloudwatch.logs", "cloudwatch.kept"),
    "aws:ec2/natGateway:NatGateway": ("nat.hours", "nat.data"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("endpoint.hours", "endpoint.data"),
    "aws:eks/cluster:Cluster": ("eks.cluster",),
    "aws:eks/nodeGroup:NodeGroup": ("ebs.gp3",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("cache.t4g.small",),
    "aws:kms/key:Key": ("kms.keys", "kms.requests"),
    "aws:kms/replicaKey:ReplicaKey": ("kms.keys", "kms.requests"),
    "aws:lambda/function:Function": ("lambda.requests", "lambda.gb_seconds_arm", "xray.traces"),
    "aws:lb/loadBalancer:LoadBalancer": ("nlb.hours", "nlb.capacity"),
    "aws:opensearch/domain:Domain": ("opensearch.gp3",),
    "aws:route53/record:Record": ("route53.queries",),
    "aws:route53/zone:Zone": ("route53.zones",),
    "aws:s3/bucket:Bucket": ("s3.standard", "s3.archive", "s3.puts", "s3.gets", "s3.archivings"),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": ("transfer.regions", "s3.puts"),
    "aws:route53/healthCheck:HealthCheck": ("route53.checks",),
    "aws:secretsmanager/secret:Secret": ("secret.months",),
    "aws:wafv2/webAcl:WebAcl": ("waf.acls", "waf.rules", "waf.requests"),
    "aws:sqs/queue:Queue": ("sqs.requests",),
}
_FREE: Final = {
    "acm": "certificate certificateValidation",
    "apigatewayv2": "apiMapping authorizer domainName integration route stage",
    "autoscaling": "attachment",
    "budgets": "budget",
    "cloudfront": "originAccessControl responseHeadersPolicy",
    "cloudwatch": "logDelivery logDeliveryDestination logDeliverySource logResourcePolicy",
    "codedeploy": "application deploymentGroup",
    "cognito": "resourceServer userPool userPoolDomain",
    "ec2": "defaultSecurityGroup internetGateway launchTemplate route routeTable routeTableAssociation securityGroup "
    "subnet vpc",
    "eks": "accessEntry accessPolicyAssociation addon podIdentityAssociation",
    "elasticache": "subnetGroup user userGroup",
    "iam": "openIdConnectProvider policy role rolePolicy rolePolicyAttachment serviceLinkedRole",
    "kms": "alias",
    "lambda": "alias eventSourceMapping invocation permission",
    "lb": "listener targetGroup",
    "s3": "bucketCorsConfiguration bucketLifecycleConfiguration bucketLogging bucketNotification bucketObjectv2 "
    "bucketOwnershipControls bucketPolicy bucketPublicAccessBlock bucketServerSideEncryptionConfiguration "
    "bucketVersioning",
    "sns": "topic topicPolicy topicSubscription",
    "sqs": "queuePolicy redriveAllowPolicy",
    "vpc": "securityGroupEgressRule securityGroupIngressRule",
    "wafv2": "webAclAssociation webAclLoggingConfiguration",
    "xray": "group",
}
"""Kinds of resource that cost nothing by themselves, or (letters of SNS) nothing that shows in cents."""
_BY_TYPE: Final = {
    "aws:eks/nodeGroup:NodeGroup": "ec2",
    "aws:elasticache/replicationGroup:ReplicationGroup": "",
    "aws:opensearch/domain:Domain": "opensearch",
}
"""Resources whose instance type has a price of its own, and the family of its key."""


def priced_components() -> Mapping[str, tuple[str, ...]]:
    """Return, by Pulumi's token, the keys of the prices that a resource follows.

    Resources that are not in it must be among `free_components`; instances follow `price_of_instance` as well.
    """
    return _PRICED


def free_components() -> frozenset[str]:
    """Return the tokens of resources that cost nothing by themselves."""
    return frozenset(
        f"aws:{module}/{kind}:{kind[0].upper()}{kind[1:]}" for module, kinds in _FREE.items() for kind in kinds.split()
    )


def price_of_instance(token: str, instance_type: str) -> str | None:
    """Return the key of the price of `instance_type` in a resource of that token; None where it has no instances."""
    family = _BY_TYPE.get(token)
    return None if family is None else f"{family}.{instance_type}".removeprefix(".")
