"""How a figure goes up or down, as SVG."""

from collections.abc import Iterable


def line(points: Iterable[tuple[float, float]], colour: str) -> str:
    """The `<polyline>` through points (x to the right, y downwards, in units of the drawing), for an `<svg>`."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{through}" fill="none" stroke="{colour}"/>'
