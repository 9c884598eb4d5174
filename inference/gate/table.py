from rich.table import Table

from inference.gate.criteria import Bound, Outcome, Value
from inference.gate.verdict import Comparison, Figure, Measured, Verdict

_NOT_KNOWN = "-"


def table(verdict: Verdict) -> Table:
    """The whole verdict: what was measured of both, then each criterion with its limit."""
    shown = Table("", "current", "candidate", "limit", "", box=None, pad_edge=False)
    for (name, old), (_, new) in zip(_measures(verdict.current), _measures(verdict.candidate), strict=True):
        shown.add_row(name, old, new)
    for name, figure in _compared(verdict.comparison):
        shown.add_row(name, "", figure)
    shown.add_row()
    for outcome in verdict.criteria:
        limit = "" if isinstance(outcome.limit, str) else f"{_sign(outcome)}{_text(outcome.limit)}"
        shown.add_row(outcome.name, "", _text(outcome.value), limit, "passed" if outcome.passed else "REFUSED")
    return shown


def _measures(model: Measured) -> list[tuple[str, str]]:
    quality, speed = model.quality, model.speed
    return [
        ("model", model.version or model.sha256[:12]),
        ("accuracy", _figure(quality.accuracy) if quality else _NOT_KNOWN),
        ("precision@10", _figure(quality.precision_at_10) if quality else _NOT_KNOWN),
        ("mAP", _figure(quality.map) if quality else _NOT_KNOWN),
        ("colour likeness@10", _figure(quality.colour_at_10) if quality else _NOT_KNOWN),
        ("ECE", f"{quality.ece:.3f}" if quality else _NOT_KNOWN),
        ("neighbours' confidence", f"{quality.neighbour_confidence:.3f}" if quality else _NOT_KNOWN),
        ("one photo, p50", f"{speed.p50_ms_alone:.1f} ms" if speed else _NOT_KNOWN),
        ("in batches of 8", f"{speed.photos_per_second_in_8:.0f} photos/s" if speed else _NOT_KNOWN),
        ("file", f"{model.bytes / 1e6:.2f} MB"),
    ]


def _compared(comparison: Comparison | None) -> list[tuple[str, str]]:
    if comparison is None or comparison.losses is None or comparison.parity is None:
        return []
    losses, parity = comparison.losses, comparison.parity
    return [
        ("accuracy lost", _figure(losses.accuracy)),
        ("precision@10 lost", _figure(losses.precision_at_10)),
        ("mAP lost", _figure(losses.map)),
        ("colour likeness@10 lost", _figure(losses.colour_at_10)),
        ("cosine to current", f"{parity.mean:.4f}, p1 {parity.p1:.4f}, least {parity.min:.4f}"),
        ("times as fast", f"{comparison.speed_ratio.alone:.2f} alone, {comparison.speed_ratio.in_8:.2f} in 8"),
    ]


def _figure(figure: Figure) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _text(value: Value) -> str:
    if value is None:
        return "not measured"
    return value if isinstance(value, str) else f"{value:.6g}"


def _sign(outcome: Outcome) -> str:
    return "" if outcome.bound is Bound.EQUAL else f"{outcome.bound} "
