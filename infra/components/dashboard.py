from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from infra.components.metric import Metric

_COLUMNS: Final = 24
_A_ROW: Final = 3
_HEIGHTS: Final = {"text": 2, "alarm": 4, "metric": 6}
_PERIOD_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines of `metrics` over time, or of the first over the second of `ratio`; a point stands for `period_s`."""

    title: str
    metrics: Sequence[Metric] = ()
    ratio: tuple[Metric, Metric] | None = None
    period_s: int = _PERIOD_S


def dashboard_body(
    region: str, text: str, alarms: Sequence[pulumi.Input[str]], charts: Sequence[Chart]
) -> pulumi.Output[str]:
    """The JSON of a dashboard: `text`, the state of `alarms` (ARNs), then `charts`, three in a row.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    # CloudWatch puts widgets without a place side by side, as long as they fit.
    widgets = [
        _widget("text", _COLUMNS, {"markdown": text}),
        _widget("alarm", _COLUMNS, {"title": "Alarms", "alarms": list(alarms)}),
        *(_widget("metric", _COLUMNS // _A_ROW, _lines(chart, region)) for chart in charts),
    ]
    return pulumi.Output.json_dumps({"widgets": widgets})


def _widget(kind: str, width: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "width": width, "height": _HEIGHTS[kind], "properties": properties}


def _lines(chart: Chart, region: str) -> dict[str, Any]:
    return {
        "title": chart.title,
        "region": region,
        "view": "timeSeries",
        "period": chart.period_s,
        "metrics": [*map(_line, chart.metrics), *_quotient(chart)],
    }


def _line(metric: Metric, **how: Any) -> list[Any]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    shown = {"stat": metric.statistic, "label": metric.label or metric.name, **how}
    return [metric.namespace, metric.name, *dimensions, shown]


def _quotient(chart: Chart) -> list[list[Any]]:
    if chart.ratio is None:
        return []
    above, below = chart.ratio
    hidden = [_line(above, id="above", visible=False), _line(below, id="below", visible=False)]
    return [*hidden, [{"expression": "above / below", "label": chart.title}]]
