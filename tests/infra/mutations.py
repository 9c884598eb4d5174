"""A stack with one protection taken away, over and over."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from infra.policy.subject import Inputs, Subject

Steps = tuple[str | int, ...]
_SOUNDS: Final = re.compile(
    r"anonymous|auth|block(?!$|Device)|capabilit|concurrency|deletionP|destroy|digest|encrypt|endpointP|escalation|"
    r"enforce$|host(Network|PID|IPC)|https(?!Port)|image$|kms|logg|nonRoot|ownership|pointInTime|privat|privileg|protect|"
    r"public|readOnly|retention|rotat|runAs|seccomp|security|tags\.(project|stack)$|throttl|tls|token|tracing|traffic|"
    r"versioning|viewerProtocol",
    re.IGNORECASE,
)
"""What an input is called that protects something."""
_SWITCHED: Final = {True: False, False: True, "true": "false", "Enabled": "Suspended", "Active": "PassThrough"}


def protections(subject: Subject) -> Iterator[tuple[str, list[Subject]]]:
    """Each input whose path sounds like a protection, with the resource after it was left out, and switched."""
    for steps, value in _leaves(subject.inputs, ()):
        path = ".".join("[]" if isinstance(step, int) else step for step in steps).replace(".[]", "[]")
        if not _SOUNDS.search(path):
            continue
        changed = [_without(subject.inputs, steps)]
        if isinstance(value, bool | str) and value in _SWITCHED:
            changed.append(_with(subject.inputs, steps, _SWITCHED[value]))
        yield path, [replace(subject, inputs=inputs) for inputs in changed]


def _leaves(value: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*steps, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*steps, number))
    else:
        yield steps, value


def _without(inside: Any, steps: Steps) -> Inputs:
    first, *rest = steps
    if isinstance(inside, list):
        kept = [_without(one, tuple(rest)) if number == first and rest else one for number, one in enumerate(inside)]
        return kept if rest else [one for number, one in enumerate(kept) if number != first]  # type: ignore[return-value]
    if rest:
        return {name: _without(one, tuple(rest)) if name == first else one for name, one in inside.items()}
    return {name: one for name, one in inside.items() if name != first}


def _with(inside: Any, steps: Steps, value: Any) -> Any:
    if not steps:
        return value
    first, *rest = steps
    if isinstance(inside, list):
        return [_with(one, tuple(rest), value) if number == first else one for number, one in enumerate(inside)]
    return {name: _with(one, tuple(rest), value) if name == first else one for name, one in inside.items()}
