"""Stacks that keep and break the rules on what is encrypted."""

from collections.abc import Mapping
from typing import Final

from tests.infra.policy_examples.parts import (
    BUCKET,
    CACHE,
    CLUSTER,
    DEAD,
    DISTRIBUTION,
    DOMAIN,
    ENCRYPTED,
    FUNCTION,
    HEADERS,
    KEY,
    LOGS_HERE,
    NO_TLS,
    QUEUE,
    REFUSING,
    SPEAKING,
    STORES,
    TABLE,
    TEMPLATE,
)
from tests.infra.policy_examples.writing import GONE, Example, a, allow, but, each_wrong, policy

SECRECY: Final[Mapping[str, Example]] = {
    "stores-are-encrypted": Example(
        good=STORES,
        bad={
            **each_wrong((QUEUE,), kmsMasterKeyId=GONE),
            **each_wrong((TABLE,), serverSideEncryption__enabled=False, serverSideEncryption__kmsKeyArn=GONE),
            **each_wrong((DOMAIN,), encryptAtRest__enabled=False),
            **each_wrong((CACHE,), atRestEncryptionEnabled="false"),
            **each_wrong((CLUSTER,), encryptionConfig=GONE, encryptionConfig__resources=[]),
            **each_wrong((TEMPLATE,), blockDeviceMappings=GONE, blockDeviceMappings__0__ebs__encrypted="false"),
            **each_wrong((KEY,), enableKeyRotation=False),
            **each_wrong((FUNCTION,), kmsKeyArn=GONE),
            "a log": (a("aws:cloudwatch/logGroup:LogGroup", retentionInDays=30),),
            "a disk": (a("kubernetes:storage.k8s.io/v1:StorageClass", parameters={}),),
        },
    ),
    "buckets-are-encrypted": Example(
        good=(BUCKET, ENCRYPTED),
        bad={
            "nothing said": (BUCKET,),
            **each_wrong((ENCRYPTED, BUCKET), rules__0__bucketKeyEnabled=False),
            **each_wrong((ENCRYPTED, BUCKET), rules__0__applyServerSideEncryptionByDefault__sseAlgorithm="AES256"),
            **each_wrong((ENCRYPTED, BUCKET), rules__0__applyServerSideEncryptionByDefault__kmsMasterKeyId=GONE),
            **each_wrong((ENCRYPTED, LOGS_HERE, BUCKET), rules__0__applyServerSideEncryptionByDefault=GONE),
        },
    ),
    "stores-refuse-plain-http": Example(
        good=(BUCKET, REFUSING),
        bad={
            "no policy": (BUCKET,),
            "a policy that allows": (BUCKET, but(REFUSING, "policy", policy(allow()))),
            "some actions": (BUCKET, but(REFUSING, "policy", policy({**NO_TLS, "Action": ["s3:GetObject"]}))),
            "some callers": (BUCKET, but(REFUSING, "policy", policy({**NO_TLS, "Principal": {"AWS": "1"}}))),
            "a queue": (DEAD,),
        },
    ),
    "endpoints-speak-tls": Example(
        good=SPEAKING,
        bad={
            **each_wrong((DOMAIN,), nodeToNodeEncryption=GONE, domainEndpointOptions__enforceHttps=False),
            **each_wrong((DOMAIN,), domainEndpointOptions__tlsSecurityPolicy="Policy-Min-TLS-1-0-2019-07"),
            **each_wrong(
                (CACHE,), transitEncryptionEnabled=False, userGroupIds=GONE, transitEncryptionMode="preferred"
            ),
            **each_wrong((DISTRIBUTION,), defaultCacheBehavior__viewerProtocolPolicy="allow-all"),
            **each_wrong((DISTRIBUTION,), viewerCertificate__minimumProtocolVersion="TLSv1.1_2016"),
            "an API's domain": (a("aws:apigatewayv2/domainName:DomainName", domainNameConfiguration={}),),
            "a listener": (a("aws:lb/listener:Listener", protocol="HTTP"),),
        },
    ),
    "functions-call-over-tls": Example(
        good=(FUNCTION,),
        bad=each_wrong((FUNCTION,), environment__variables__LOOKALIKE_OPENSEARCH_ENDPOINT="http://search.example"),
    ),
    "pages-are-guarded": Example(
        good=(HEADERS,),
        bad={
            **each_wrong((HEADERS,), securityHeadersConfig__frameOptions=GONE),
            **each_wrong((HEADERS,), securityHeadersConfig__contentTypeOptions__override=False),
            **each_wrong((HEADERS,), securityHeadersConfig__strictTransportSecurity__accessControlMaxAgeSec=3600),
            **each_wrong((HEADERS,), securityHeadersConfig__strictTransportSecurity__includeSubdomains=False),
            **each_wrong((HEADERS,), securityHeadersConfig__contentSecurityPolicy__contentSecurityPolicy="img-src *"),
        },
    ),
}
