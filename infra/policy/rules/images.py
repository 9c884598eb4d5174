"""Images are named by their digest, so that what was tested is what runs."""

import re
from collections.abc import Iterator
from typing import Final

from infra.policy.rule import AnyRule, Rule
from infra.policy.rules.pods import containers
from infra.policy.subject import Inputs, known

_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")


def _pinned(kind: str, inputs: Inputs) -> Iterator[str]:
    named = [container.get("image") for container in containers(kind, inputs)]
    if kind == "aws:lambda/function:Function" and inputs.get("imageUri"):
        named.append(inputs["imageUri"])
    for image in named:
        if known(image) and not _DIGEST.search(str(image)):
            yield f"{image} is not named by its digest"


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="images-by-digest", says="Images are named by their digest.", check=_pinned),
)
