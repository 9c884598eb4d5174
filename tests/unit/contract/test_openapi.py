import json
from pathlib import Path
from typing import Any

from fake_shop import Shop, picture, told
from openapi_pydantic import OpenAPI

from lookalike.contract.openapi import openapi_document, openapi_text
from lookalike.contract.route import AnyRoute
from lookalike.contract.routes import ROUTES

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_committed_document_is_the_one_the_code_makes() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == openapi_text(), "run `make openapi`"


def test_it_is_openapi_and_every_reference_leads_somewhere() -> None:
    document = openapi_document()
    OpenAPI.model_validate(document)
    schemas = document["components"]["schemas"]
    references = set(_references(document))
    assert references
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= set(schemas)


def test_every_route_is_in_it_once() -> None:
    operations = [op["operationId"] for path in openapi_document()["paths"].values() for op in path.values()]
    assert sorted(operations) == sorted(route.name for route in ROUTES)
    assert len(set(operations)) == len(operations)


def test_path_parameters_are_fields_of_the_routes_models() -> None:
    route: AnyRoute
    for route in ROUTES:
        assert set(route.path_parameters) <= set(route.parameters.model_fields), route.name


def test_what_a_search_answers_is_what_the_document_says(stocked: Shop) -> None:
    found = told(stocked.ask("POST", "/v1/search", {"upload": stocked.bring(picture("red"))}))
    schemas = openapi_document()["components"]["schemas"]
    assert set(found) == set(schemas["SearchView"]["properties"]) == set(schemas["SearchView"]["required"])
    neighbour = found["neighbours"][0]
    assert set(neighbour) == set(schemas["NeighbourView"]["properties"])
    assert set(neighbour["item"]) == set(schemas["ItemView"]["properties"])


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for inner in part.values() for found in _references(inner)]
    if isinstance(part, list):
        return [found for inner in part for found in _references(inner)]
    return []


def test_the_document_is_plain_json() -> None:
    assert json.loads(openapi_text()) == openapi_document()
