from xml.etree import ElementTree as ET

from inference.bench.capacity import Curve, Point
from inference.bench.draw import draw

SVG = "{http://www.w3.org/2000/svg}"


def parsed(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314 - our own, made a moment ago


def heights(drawing: str) -> list[float]:
    return [float(circle.attrib["cy"]) for circle in parsed(drawing).iter(f"{SVG}circle")]


def budget_line(drawing: str) -> float:
    (dashed,) = [path for path in parsed(drawing).iter(f"{SVG}path") if "stroke-dasharray" in path.attrib]
    return float(dashed.attrib["d"].split()[1].split("H")[0])


def test_each_serving_is_a_line_and_each_point_a_dot() -> None:
    curves = [Curve(1, 0, [Point(10, 10, 5, 20, 0), Point(5, 5, 5, 10, 0)]), Curve(2, 500, [Point(8, 8, 5, 20, 0)])]
    drawing = draw(curves, 95)
    assert len(list(parsed(drawing).iter(f"{SVG}polyline"))) == 2
    assert len(heights(drawing)) == 3
    assert "batch 2, delay 500 µs" in drawing


def test_what_takes_longer_stands_higher_and_what_never_came_highest() -> None:
    served = [Point(1, 1, 5, 20, 0), Point(2, 2, 5, 95, 0), Point(3, 3, 5, 200, 0), Point(4, 0, 5, float("nan"), 1)]
    drawing = draw([Curve(1, 0, served)], 95)
    low, limit, high, never = heights(drawing)  # heights count downwards
    assert low > limit > high > never
    assert limit == budget_line(drawing)


def test_nothing_measured_is_drawn_empty() -> None:
    assert heights(draw([], 95)) == []
