from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

OURS: Final = "Lookalike"
"""CloudWatch's namespace of what the functions measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One of CloudWatch's metrics, seen by `statistic`: Sum, Maximum, Average, or a percentile such as p95."""

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str = "Sum"
    label: str = ""


def ours(name: str, service: str, statistic: str = "Sum", label: str = "") -> Metric:
    """What the function `service` measures under this name."""
    return Metric(
        namespace=OURS, name=name, dimensions={"service": service}, statistic=statistic, label=label or f"{service}"
    )
