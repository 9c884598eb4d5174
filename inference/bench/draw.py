import math
from collections.abc import Sequence
from typing import Final

from inference.bench.capacity import Curve
from inference.measure.draw import line

_WIDTH: Final = 640
_HEIGHT: Final = 360
_MARGIN: Final = 48
_ROOM: Final = 3
"""Budgets that the vertical axis spans; what took longer stands at its end."""
_COLOURS: Final = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f")


def draw(curves: Sequence[Curve], budget_ms: float) -> str:
    """An SVG of p99 in milliseconds (upwards) by offered requests a second, with the budget as a dashed line."""
    most = max((point.offered for curve in curves for point in curve.points), default=1.0)
    lines = [_curve(curve, number, most, budget_ms) for number, curve in enumerate(curves)]
    limit = _y(budget_ms, budget_ms)
    room = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="11" fill="none"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {room}>',
        f'<path d="M{_MARGIN} 8V{_HEIGHT - _MARGIN}H{_WIDTH - 8}" stroke="#333"/>',
        f'<path d="M{_MARGIN} {limit:.1f}H{_WIDTH - 8}" stroke="#333" stroke-dasharray="4"/>',
        _text(4, limit, f"{budget_ms:g} ms"),
        _text(_WIDTH / 2, _HEIGHT - 8, "requests a second"),
        _text(_WIDTH - _MARGIN, _HEIGHT - _MARGIN + 14, f"{most:.0f}"),
        *lines,
        "</svg>\n",
    ]
    return "\n".join(parts)


def _curve(curve: Curve, number: int, most: float, budget_ms: float) -> str:
    colour = _COLOURS[number % len(_COLOURS)]
    points = sorted(curve.points, key=lambda point: point.offered)
    # Where nothing was served there is no p99 (NaN): it stands with what took too long.
    where = [(_x(point.offered, most), _y(point.p99_ms, budget_ms)) for point in points]
    name = f"batch {curve.max_batch}, delay {curve.delay_us} µs"
    return "\n".join(
        [
            line(where, colour),
            *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in where),
            _text(_MARGIN + 12, 20 + 14 * number, name, colour),
        ]
    )


def _x(offered: float, most: float) -> float:
    return _MARGIN + (_WIDTH - _MARGIN - 16) * offered / most


def _y(p99_ms: float, budget_ms: float) -> float:
    share = min(1.0, p99_ms / (_ROOM * budget_ms)) if not math.isnan(p99_ms) else 1.0
    return _HEIGHT - _MARGIN - (_HEIGHT - _MARGIN - 8) * share


def _text(x: float, y: float, words: str, colour: str = "#333") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}">{words}</text>'
