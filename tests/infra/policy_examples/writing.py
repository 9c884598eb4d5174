"""How examples of the policy pack's rules are written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from infra.policy.subject import Subject

DIGEST: Final = f"registry.example/triton@sha256:{'0' * 64}"
ARN: Final = "arn:aws:kms:eu-west-1:111122223333:key/data"


class Left(Enum):
    """What stands for no value at all; written alike in every process, as names of tests have to be."""

    OUT = "left out"


GONE: Final = Left.OUT
"""As a value: the input is left out."""
Stack = tuple[Subject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One rule's: `bad` by what is wrong with each."""

    good: Stack
    bad: Mapping[str, Stack]


def a(kind: str, name: str = "it", uses: Mapping[str, Subject] | None = None, **inputs: Any) -> Subject:
    """A resource; `uses` says which input comes from which other."""
    used = {given: frozenset({other.urn}) for given, other in (uses or {}).items()}
    urn = f"urn:pulumi:shop::lookalike::{kind}::{name}"
    return Subject(urn=urn, type=kind, name=name, inputs=inputs, uses=used)


def but(subject: Subject, path: str, value: Any) -> Subject:
    """The resource with another value at `path`."""
    return replace(subject, inputs=_set(subject.inputs, path.split("."), value))


def _set(inside: Any, path: list[str], value: Any) -> Any:
    first, *rest = path
    if isinstance(inside, list):
        return [_set(one, rest, value) if str(number) == first else one for number, one in enumerate(inside)]
    changed = {**inside, first: _set(inside.get(first, {}), rest, value) if rest else value}
    return {name: inner for name, inner in changed.items() if inner is not GONE}


def each_wrong(good: Stack, **wrong: Any) -> dict[str, Stack]:
    """Stacks with one thing wrong with their first resource; ``vpcConfig__x=1`` is ``vpcConfig.x``."""
    paths = {name.replace("__", "."): value for name, value in wrong.items()}
    return {f"{path} = {value}": (but(good[0], path, value), *good[1:]) for path, value in paths.items()}


def policy(*statements: Mapping[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def allow(**said: Any) -> Mapping[str, Any]:
    return {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::photos/uploads/*"], **said}


def a_role_policy(*statements: Mapping[str, Any], **said: Any) -> Stack:
    return (a("aws:iam/rolePolicy:RolePolicy", policy=policy(*statements, **said)),)


def a_resource_policy(*statements: Mapping[str, Any]) -> Stack:
    return (a("aws:sqs/queuePolicy:QueuePolicy", policy=policy(*statements)),)
