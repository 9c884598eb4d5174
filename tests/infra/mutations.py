"""A stack with one protection taken away, over and over."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from infra.policy.subject import Inputs, Subject, leaves

_SOUNDS: Final = re.compile(
    r"anonymous|auth|block(?!$)|capabilit|concurrency|deletionP|destroy|digest|encrypt|endpointP|escalation|host[INP]|"
    r"https|image$|kms|logg|nonRoot|ownership|pointInTime|privat|privileg|protect|public|readOnly|retention|rotat|"
    r"seccomp|security|tags\.(project|stack)$|throttl|tls|token|tracing|traffic|versioning|viewerProtocol",
    re.IGNORECASE,
)
"""What an input is called that protects something."""
_SWITCHED: Final = {True: False, False: True, "true": "false", "Enabled": "Suspended", "Active": "PassThrough"}


def protections(subject: Subject) -> Iterator[tuple[str, list[Subject]]]:
    """Each input whose path sounds like a protection, with the resource after it was left out, and switched."""
    for path, value in leaves(subject.inputs):
        if not _SOUNDS.search(path):
            continue
        steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
        changed = [_without(subject.inputs, steps)]
        if isinstance(value, bool | str) and value in _SWITCHED:
            changed.append(_with(subject.inputs, steps, _SWITCHED[value]))
        yield re.sub(r"\[\d+\]", "[]", path), [replace(subject, inputs=inputs) for inputs in changed]


def _without(inside: Any, steps: list[Any]) -> Inputs:
    first, *rest = steps
    if isinstance(inside, list):
        kept = [_without(one, rest) if number == first and rest else one for number, one in enumerate(inside)]
        return kept if rest else [one for number, one in enumerate(kept) if number != first]  # type: ignore[return-value]
    if rest:
        return {name: _without(one, rest) if name == first else one for name, one in inside.items()}
    return {name: one for name, one in inside.items() if name != first}


def _with(inside: Any, steps: list[Any], value: Any) -> Any:
    if not steps:
        return value
    first, *rest = steps
    if isinstance(inside, list):
        return [_with(one, rest, value) if number == first else one for number, one in enumerate(inside)]
    return {name: _with(one, rest, value) if name == first else one for name, one in inside.items()}
