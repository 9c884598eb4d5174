from xml.etree import ElementTree as ET

from inference.measure.draw import line


def test_a_line_goes_through_its_points_in_order() -> None:
    drawn = ET.fromstring(line([(0, 10), (2.26, 5)], "#26c"))  # noqa: S314 - our own, made a moment ago
    assert drawn.tag == "polyline"
    assert drawn.attrib == {"points": "0.0,10.0 2.3,5.0", "fill": "none", "stroke": "#26c"}
