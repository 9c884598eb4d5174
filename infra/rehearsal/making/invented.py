"""Attributes that AWS would choose, made up for any type of resource from the types of its outputs."""

import keyword
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import pulumi

from infra.rehearsal.making.names import physical_name
from infra.rehearsal.plan import Declared
from infra.rehearsal.stage import Created

_SERVICES: Final = {
    "vpc": "ec2",
    "opensearch": "es",
    "lb": "elasticloadbalancing",
    "apigatewayv2": "apigateway",
    "cognito": "cognito-idp",
}
_GLOBAL: Final = frozenset({"iam", "cloudfront", "route53", "s3"})
_PLAIN: Final = frozenset({"sqs", "sns", "s3"})
"""Services whose ARNs name no kind."""
_KINDS: Final = {
    "aws:lambda/function:Function": "function:",
    "aws:cloudwatch/logGroup:LogGroup": "log-group:",
    "aws:elasticache/replicationGroup:ReplicationGroup": "replicationgroup:",
    "aws:elasticache/user:User": "user:",
}
_NAMES: Final = ("name", "bucket", "domainName", "clusterName", "nodeGroupName", "identifier")
_DEPTH: Final = 4


def invented(declared: Declared, account: str) -> Created:
    """An id, and a value for each output that the program did not give itself and that is always there."""
    name = _name(declared)
    if declared.type.startswith("kubernetes:"):
        return _object(declared)
    if declared.type == "aws:sqs/queue:Queue":
        name = f"https://sqs.{declared.region}.amazonaws.com/{account}/{name}"
    invent = _Inventor(declared, account)
    outputs = {output: invent(output, kind) for output, kind in _outputs(declared.type).items()}
    return Created(name, {output: _with(declared.inputs.get(output), value) for output, value in outputs.items()})


def _with(said: Any, value: Any) -> Any:
    # What the program says of a part leaves room for what AWS adds to it, as to a cluster's `vpcConfig`.
    if isinstance(said, Mapping) and isinstance(value, Mapping):
        return {**value, **said}
    return value if said is None else said


def _object(declared: Declared) -> Created:
    said = declared.inputs.get("metadata") or {}
    name, space = said.get("name") or declared.name, said.get("namespace") or "default"
    there = {"ingress": [{"hostname": f"{name}.elb.{declared.region}.amazonaws.com"}]}
    status = {"status": {"loadBalancer": there}} if declared.type.endswith(":Service") else {}
    return Created(f"{space}/{name}", {"metadata": {"namespace": space, **said, "name": name}, **status})


def _name(declared: Declared) -> str:
    given = next((declared.inputs[key] for key in _NAMES if declared.inputs.get(key)), None)
    return str(given or physical_name(declared))


class _Inventor:
    def __init__(self, declared: Declared, account: str) -> None:
        self._declared, self._account = declared, account
        _, _, module = declared.type.partition(":")
        self._module, _, rest = module.partition("/")
        self._kind = rest.partition(":")[0].lower()
        self._service = _SERVICES.get(self._module, self._module)

    def __call__(self, output: str, kind: Any, depth: int = 0) -> Any:
        """A value of this type for an output of this name."""
        outer = get_origin(kind)
        if kind is str:
            return self._text(output)
        if kind in (bool, int, float):
            return kind()
        if outer in (Union, UnionType):
            return self(output, get_args(kind)[0], depth)
        if isinstance(outer, type) and issubclass(outer, Sequence):
            return [self(output, get_args(kind)[0], depth)]
        if isinstance(kind, type) and depth < _DEPTH:
            return {name: self(name, inner, depth + 1) for name, inner in _fields(kind).items()}
        return {}

    def _text(self, output: str) -> str:
        name, region = _name(self._declared), self._declared.region
        told: Mapping[str, Callable[[], str]] = {
            "region": lambda: region,
            "bucketRegion": lambda: region,
            "accountId": lambda: self._account,
            "ownerId": lambda: self._account,
            "url": lambda: f"https://{self._service}.{region}.amazonaws.com/{self._account}/{name}",
            "data": lambda: "c2tldGNoZWQ=",
            "issuer": lambda: f"https://oidc.eks.{region}.amazonaws.com/id/{name}",
            **{key: (lambda: name) for key in _NAMES},
        }
        if self._service == "cloudfront" and output == "domainName":
            return f"{name}.cloudfront.net"
        if self._service == "s3" and output.endswith("DomainName"):
            return f"{name}.s3.{region}.amazonaws.com"
        if output in told:
            return told[output]()
        if output.lower().endswith("arn"):
            return self._arn(name)
        if "endpoint" in output.lower() or "domain" in output.lower() or output.lower().endswith("dnsname"):
            return f"{name}.{region}.{self._service}.amazonaws.com"
        return f"{name}-{output}"

    def _arn(self, name: str) -> str:
        region = "" if self._service in _GLOBAL else self._declared.region
        account = "" if self._service == "s3" else self._account
        kind = _KINDS.get(self._declared.type, "" if self._service in _PLAIN else f"{self._kind}/")
        return f"arn:aws:{self._service}:{region}:{account}:{kind}{name}"


@cache
def _outputs(token: str) -> Mapping[str, Any]:
    """The outputs that are always there, by Pulumi's name, with their types."""
    _, module, name = token.split(":")
    package = module.partition("/")[0]
    if not token.startswith("aws:"):
        return {}
    package = f"{package}_" if keyword.iskeyword(package) else package
    return _getters(getattr(import_module(f"pulumi_aws.{package}"), name), always=True)


@cache
def _fields(kind: type) -> Mapping[str, Any]:
    return _getters(kind, always=False)


def _getters(kind: type, *, always: bool) -> Mapping[str, Any]:
    found = {}
    for name, getter in vars(kind).items():
        said = getattr(getter, "fget", None)
        if said is None or name == "urn":
            continue
        hint = get_type_hints(said).get("return")
        hint = get_args(hint)[0] if get_origin(hint) is pulumi.Output else hint
        optional = get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint)
        if not (always and optional):
            found[getattr(said, "_pulumi_name", name)] = hint
    return found
