"""Smooth lines and closed shapes, in points: x to the right of the centre line, y down from the top."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Shape [n, 2]: x in -240…240, y in 0…600."""
Knot = tuple[float, float]

_MIRROR = np.array([-1.0, 1.0])


def curve(*knots: Knot, steps: int = 10) -> Points:
    """A Catmull-Rom spline through the knots; a curve's ends are corners when curves are joined."""
    p = np.asarray(knots, np.float64)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    a, b, c, d = (p[i : len(p) - 3 + i, None, :] for i in range(4))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    spline = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * b - a - 3 * c + d)))
    return np.asarray(np.vstack([spline.reshape(-1, 2), p[-2]]), np.float64)


def line(*knots: Knot) -> Points:
    """Straight pieces between the knots."""
    return np.asarray(knots, np.float64)


def join(*parts: Points) -> Points:
    """The parts one after the other."""
    return np.vstack(parts)


def mirrored(half: Points) -> Points:
    """A closed symmetric outline from its right half, given from the top down to the centre line."""
    return np.vstack([half, flip(half)[::-1]])


def shifted(points: Points, dx: float, dy: float) -> Points:
    """The same line moved by `dx`, `dy`."""
    return np.asarray(points + np.array([dx, dy]), np.float64)


def flip(points: Points) -> Points:
    """The same line on the other side of the centre line."""
    return np.asarray(points * _MIRROR, np.float64)


def normals(path: Points) -> Points:
    """Unit normals at each point of the path, to the left of its direction (y points down)."""
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return np.stack([along[:, 1], -along[:, 0]], 1)


def offset(path: Points, by: float) -> Points:
    """The path moved to its left by `by` points (to its right when negative)."""
    return np.asarray(path + normals(path) * by, np.float64)


def strip(path: Points, width: float) -> Points:
    """The band between a path and itself moved to its left by `width`."""
    return np.vstack([path, offset(path, width)[::-1]])


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Points:
    """An ellipse around (x, y), turned by `turn` radians."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    flat = np.stack([rx * np.cos(angle), ry * np.sin(angle)], 1)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.asarray(flat @ np.array([[cos, sin], [-sin, cos]]) + (x, y), np.float64)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """An upright rectangle."""
    return line((left, top), (right, top), (right, bottom), (left, bottom))


def between(start: Knot, end: Knot, share: float) -> Knot:
    """The point at `share` (0…1) of the way."""
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
