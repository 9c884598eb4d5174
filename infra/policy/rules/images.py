"""Images are named by their digest, so that what was tested is what runs."""

import re
from collections.abc import Iterator
from typing import Final

from infra.policy.rule import AnyRule, Rule
from infra.policy.rules.pods import CHART, containers
from infra.policy.subject import Inputs, known, leaves

_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")


def _of_chart(inputs: Inputs) -> list[str]:
    tags = [str(value) for path, value in leaves(inputs.get("values") or {}) if path.endswith(("tag", "digest"))]
    return tags or ["a chart's own choice"]


def _pinned(kind: str, inputs: Inputs) -> Iterator[str]:
    named = [container.get("image") for container in containers(kind, inputs)]
    if kind == "aws:lambda/function:Function" and inputs.get("imageUri"):
        named.append(inputs["imageUri"])
    if kind == CHART:
        named += _of_chart(inputs)
    for image in named:
        if known(image) and not _DIGEST.search(str(image)):
            yield f"{image} is not named by its digest"


def _charts(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == CHART and not inputs.get("version"):
        yield "takes whatever version its chart is at"
    if kind == CHART and not str((inputs.get("repositoryOpts") or {}).get("repo")).startswith("https://"):
        yield "fetches its chart without TLS"


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="images-by-digest", says="Images are named by their digest.", check=_pinned),
    Rule(name="charts-by-version", says="Charts are fetched over TLS, at one version.", check=_charts),
)
