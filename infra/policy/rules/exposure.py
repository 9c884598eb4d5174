"""What keeps strangers out: no bucket is public, and nothing but the API and the website answers the internet."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

from infra.policy.rule import AnyRule, EstateRule, Finding, Rule
from infra.policy.subject import Estate, Inputs, is_true, known, leaves, listed, look

BUCKET: Final = "aws:s3/bucket:Bucket"
_BLOCK: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_OWNERSHIP: Final = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
_BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_OFFICE_BITS: Final = 24
PUBLIC_ROUTES: Final[Mapping[str, str]] = {"readHealth": "says that the API stands, and nothing of a catalogue"}
"""Routes that anybody may call, and why."""


def _buckets(estate: Estate) -> Iterator[Finding]:
    for bucket in estate.of(BUCKET):
        blocks = estate.about(bucket, _BLOCK, "bucket")
        if not blocks:
            yield bucket, "has no public-access block"
        for block in blocks:
            yield from ((block, f"{what} is off") for what in _BLOCKS if not is_true(block.inputs.get(what)))
        owned = [look(o.inputs, "rule.objectOwnership") for o in estate.about(bucket, _OWNERSHIP, "bucket")]
        if owned != ["BucketOwnerEnforced"]:
            yield bucket, "has access lists; BucketOwnerEnforced ends them"


def _bucket(inputs: Inputs) -> Iterator[str]:
    if "public" in str(inputs.get("acl", "")):
        yield "is public by its access list"
    if inputs.get("website"):
        yield "is a website; CloudFront serves pages from private buckets"


def _cluster(inputs: Inputs) -> Iterator[str]:
    if look(inputs, "vpcConfig.endpointPrivateAccess") is not True:
        yield "its API has no private endpoint"
    named = [str(block) for block in listed(look(inputs, "vpcConfig.publicAccessCidrs"))]
    offices = bool(named) and all(ip_network(block).prefixlen >= _OFFICE_BITS for block in named)
    if look(inputs, "vpcConfig.endpointPublicAccess") is not False and not offices:
        yield "its API answers the internet"


def _domain(inputs: Inputs) -> Iterator[str]:
    if not look(inputs, "vpcOptions.subnetIds"):
        yield "stands outside the network"
    if not look(inputs, "vpcOptions.securityGroupIds"):
        yield "has no security group of its own"
    if look(inputs, "advancedSecurityOptions.enabled") is not True:
        yield "has no fine-grained access control"
    if look(inputs, "advancedSecurityOptions.anonymousAuthEnabled"):
        yield "takes callers without a name"


def _cache(inputs: Inputs) -> Iterator[str]:
    if not (inputs.get("subnetGroupName") or inputs.get("subnetIds")):
        yield "stands outside the network"
    if not inputs.get("securityGroupIds"):
        yield "has no security group of its own"


def _route(inputs: Inputs) -> Iterator[str]:
    if inputs.get("authorizationType") == "JWT" and inputs.get("authorizerId"):
        return
    if inputs.get("operationName") not in PUBLIC_ROUTES:
        yield f"{inputs.get('routeKey')} asks for no token"


def _permission(inputs: Inputs) -> Iterator[str]:
    if inputs.get("principal") == "*":
        yield "anybody may call the function"
    elif not (inputs.get("sourceArn") or inputs.get("sourceAccount")):
        yield f"{inputs.get('principal')} may call the function for any customer of AWS"


def _subnet(inputs: Inputs) -> Iterator[str]:
    if inputs.get("mapPublicIpOnLaunch"):
        yield "gives machines public addresses"


def _launched(inputs: Inputs) -> Iterator[str]:
    if any(is_true(n.get("associatePublicIpAddress", False)) for n in listed(inputs.get("networkInterfaces"))):
        yield "gives machines public addresses"
    # Without the session token of version 2, a page that is made to fetch any address fetches the machine's role.
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
    if look(inputs, "metadataOptions.httpTokens") != "required":
        yield "its metadata service answers without a token"
    if look(inputs, "metadataOptions.httpPutResponseHopLimit") not in (None, 1):
        yield "its metadata service answers containers as well"


def _url(inputs: Inputs) -> Iterator[str]:
    if inputs.get("authorizationType") != "AWS_IAM":
        yield "anybody may call the function's URL"


def _balancer(inputs: Inputs) -> Iterator[str]:
    if inputs.get("internal") is not True:
        yield "faces the internet"


def _kubernetes_service(inputs: Inputs) -> Iterator[str]:
    scheme = look(inputs, "metadata.annotations") or {}
    internal = scheme.get("service.beta.kubernetes.io/aws-load-balancer-scheme") == "internal"
    if look(inputs, "spec.type") == "LoadBalancer" and not internal:
        yield "faces the internet"
    if look(inputs, "spec.type") == "NodePort":
        yield "answers on every machine's address"


_CHECKS: Final[Mapping[str, Callable[[Inputs], Iterable[str]]]] = {
    BUCKET: _bucket,
    "aws:s3/bucketAcl:BucketAcl": _bucket,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:opensearch/domain:Domain": _domain,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:elasticache/serverlessCache:ServerlessCache": _cache,
    "aws:apigatewayv2/route:Route": _route,
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/functionUrl:FunctionUrl": _url,
    "aws:ec2/subnet:Subnet": _subnet,
    "aws:ec2/launchTemplate:LaunchTemplate": _launched,
    "aws:lb/loadBalancer:LoadBalancer": _balancer,
    "kubernetes:core/v1:Service": _kubernetes_service,
}


def _unexposed(kind: str, inputs: Inputs) -> Iterable[str]:
    return _CHECKS[kind](inputs) if kind in _CHECKS else ()


def _origins(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind.startswith("aws:s3/bucketCors") or kind == "aws:apigatewayv2/api:Api":
        named = (value for path, value in leaves(inputs) if _names_origins(path) and known(value))
        if any(_is_any(value) for value in named):
            yield "pages of any site may call"


def _names_origins(path: str) -> bool:
    return "allowOrigins" in path or "allowedOrigins" in path


def _is_any(origin: Any) -> bool:
    return "*" in str(origin)


RULES: Final[tuple[AnyRule, ...]] = (
    EstateRule(name="buckets-are-private", says="No bucket can be made public.", check=_buckets),
    Rule(name="nothing-faces-the-world", says="Only the API and the website face the internet.", check=_unexposed),
    Rule(name="only-named-sites-call", says="Pages of named sites only may call.", check=_origins),
)
