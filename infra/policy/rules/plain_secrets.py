"""No secret is written into the program, its configuration, or a function's environment."""

import re
from collections.abc import Iterator
from typing import Any, Final

from infra.policy.rule import AnyRule, Rule
from infra.policy.subject import Inputs, known, leaves

_NAMES: Final = re.compile(r"(password|passwd|secret|token|api_?key|private_?key|credentials?)$", re.IGNORECASE)
_LOOKS: Final = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\."
    r"|://[^/\s:@]+:[^/\s:@]+@"
)
"""Access keys, private keys, tokens, and addresses with a password in them."""
_UNITS: Final = frozenset({"seconds", "minutes", "hours", "days"})
"""What is said of tokens that is none: for how long they are good."""
_POINTS: Final = ("arn:", "alias/", "/", "{{resolve:")
"""How a value begins that says where the secret is kept."""
_GENERATED: Final = ("aws:elasticache", "aws:secretsmanager/secretVersion", "random:")
"""Types that take a secret by value; theirs comes from elsewhere in the program, or it is no secret at all."""


def _secrets(kind: str, inputs: Inputs) -> Iterator[str]:
    for path, value in leaves(inputs):
        if not isinstance(value, str) or not known(value):
            continue
        if _LOOKS.search(value):
            yield f"{path} holds what looks like a secret"
        elif _is_named_secret(path) and value and not _is_harmless(value) and not kind.startswith(_GENERATED):
            yield f"{path} is a secret in plain text"


def _is_named_secret(path: str) -> bool:
    return bool(_NAMES.search(re.sub(r"\[\d+\]$", "", path)))


def _is_harmless(value: Any) -> bool:
    return value in _UNITS or str(value).startswith(_POINTS)


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="no-plain-secrets", says="Nothing says a secret in plain text.", check=_secrets),
)
