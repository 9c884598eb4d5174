"""Stacks that keep and break the rules on who is let in."""

from collections.abc import Mapping
from typing import Final

from tests.infra.policy_examples.parts import (
    BLOCK,
    BUCKET,
    CACHE,
    CLUSTER,
    DOMAIN,
    EXPOSED,
    INGRESS,
    NETWORK_POLICY,
    OWNED,
    PERMISSION,
    ROUTE,
    SERVICE,
    SHUT,
    TEMPLATE,
    VPC,
)
from tests.infra.policy_examples.writing import GONE, Example, a, but, each_wrong

OUTSIDE: Final = {"endpointPrivateAccess": True, "endpointPublicAccess": True}
DOORS: Final[Mapping[str, Example]] = {
    "buckets-are-private": Example(
        good=(BUCKET, BLOCK, OWNED),
        bad={
            "no block": (BUCKET, OWNED),
            "no ownership": (BUCKET, BLOCK),
            "another bucket's block": (BUCKET, a("aws:s3/bucket:Bucket", "other"), BLOCK, OWNED),
            **each_wrong((BLOCK, BUCKET, OWNED), blockPublicAcls=False, restrictPublicBuckets=GONE),
            **each_wrong((OWNED, BUCKET, BLOCK), rule__objectOwnership="ObjectWriter"),
        },
    ),
    "nothing-faces-the-world": Example(
        good=EXPOSED,
        bad={
            **each_wrong((CLUSTER,), vpcConfig__endpointPublicAccess=True, vpcConfig__endpointPrivateAccess=GONE),
            **each_wrong(
                (but(CLUSTER, "vpcConfig.endpointPublicAccess", value=True),),
                vpcConfig__publicAccessCidrs=["0.0.0.0/0"],
            ),
            **each_wrong((DOMAIN,), vpcOptions=GONE, advancedSecurityOptions__enabled=False),
            **each_wrong((DOMAIN,), advancedSecurityOptions__anonymousAuthEnabled=True),
            **each_wrong((CACHE,), subnetGroupName=GONE, securityGroupIds=[]),
            **each_wrong(
                (TEMPLATE,),
                metadataOptions__httpTokens="optional",
                networkInterfaces=[{"associatePublicIpAddress": "true"}],
            ),
            **each_wrong((TEMPLATE,), metadataOptions__httpPutResponseHopLimit=2),
            **each_wrong((ROUTE,), authorizationType="NONE", authorizerId=GONE),
            **each_wrong((PERMISSION,), sourceArn=GONE, principal="*"),
            **each_wrong((SERVICE,), metadata=GONE, spec__type="NodePort"),
            **each_wrong((BUCKET,), acl="public-read", website={"indexDocument": "index.html"}),
            "a public subnet": (a("aws:ec2/subnet:Subnet", mapPublicIpOnLaunch=True),),
            "a function's URL": (a("aws:lambda/functionUrl:FunctionUrl", authorizationType="NONE"),),
            "a public balancer": (a("aws:lb/loadBalancer:LoadBalancer", internal=False),),
        },
    ),
    "only-named-sites-call": Example(
        good=(a("aws:apigatewayv2/api:Api", corsConfiguration={"allowOrigins": ["https://shop.example"]}),),
        bad={
            "any site": (a("aws:apigatewayv2/api:Api", corsConfiguration={"allowOrigins": ["*"]}),),
            "any site uploads": (
                a(
                    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
                    corsRules=[{"allowedOrigins": ["https://*"]}],
                ),
            ),
        },
    ),
    "no-ingress-from-the-internet": Example(
        good=(INGRESS, NETWORK_POLICY),
        bad={
            **each_wrong((INGRESS,), cidrIpv4="0.0.0.0/0", cidrIpv6="::/0"),
            "half the internet": (but(INGRESS, "cidrIpv4", "128.0.0.0/1"),),
            "in the group": (a("aws:ec2/securityGroup:SecurityGroup", ingress=[{"cidrBlocks": ["0.0.0.0/0"]}]),),
            "an old rule": (
                a("aws:ec2/securityGroupRule:SecurityGroupRule", type="ingress", cidrBlocks=["0.0.0.0/0"]),
            ),
            "to pods": (but(NETWORK_POLICY, "spec.ingress", [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]),),
        },
    ),
    "rules-name-who-and-what": Example(
        good=(INGRESS, NETWORK_POLICY),
        bad={
            **each_wrong((INGRESS,), ipProtocol="-1", cidrIpv4=GONE, securityGroupId=GONE),
            "from anybody": (but(NETWORK_POLICY, "spec.ingress", [{"ports": [{"port": 8001}]}]),),
            "to every port": (but(NETWORK_POLICY, "spec.ingress.0.ports", GONE),),
        },
    ),
    "default-groups-are-shut": Example(
        good=(VPC, SHUT), bad={"left alone": (VPC,), "open": (VPC, but(SHUT, "ingress", [{"self": True}]))}
    ),
}
