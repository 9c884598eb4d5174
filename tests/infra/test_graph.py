"""The page that shows what refers to what is what the program says."""

import re

from infra.picture import PAGE, page, picture
from infra.rehearsal.plan import Plan


def test_the_page_is_not_stale(starter: Plan, production: Plan) -> None:
    # `python -m infra.picture` writes it anew.
    assert PAGE.read_text() == page({"starter": starter, "production": production})


def arrows(drawn: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^    (\w+) --> (\w+)$", drawn, re.MULTILINE))


def nodes(drawn: str) -> list[str]:
    return re.findall(r"^        (\w+)\[", drawn, re.MULTILINE)


def test_every_arrow_has_two_ends(profile: Plan) -> None:
    drawn = picture(profile)
    assert len(nodes(drawn)) == len(set(nodes(drawn))) > 10
    assert {end for arrow in arrows(drawn) for end in arrow} <= set(nodes(drawn))


def test_what_is_known_of_the_cloud_is_in_the_picture(production: Plan) -> None:
    assert {
        ("LambdaFunction_search", "VectorIndex_index"),
        ("LambdaFunction_embed", "WorkQueue_to_embed"),
        ("WorkQueue_received", "PhotoStore_photos"),
        ("TritonService_triton", "ModelStore_models"),
        ("SearchApi_api", "LambdaFunction_uploads"),
    } <= arrows(picture(production))
