import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from openapi_pydantic import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from lookalike.contract.problems import MEDIA_TYPE, Problem
from lookalike.contract.route import JSON, AnyRoute
from lookalike.contract.routes import ROUTES

_REF: Final = "#/components/schemas/{model}"
_VERSION: Final = "1.0"  # of the API, whose paths start with its major number; not of the package
_TOKEN: Final = "token"  # noqa: S105 (the name of a scheme)
_PROBLEM: Final[tuple[type[BaseModel], JsonSchemaMode]] = (Problem, "serialization")
_DESCRIPTION: Final = """Visual product search that a shop owns: a photo goes in, its look-alikes come out.

Photos come in by two steps: ask for a form, then POST its fields and the file to its URL. Pixels never travel in an
API body. Every failure is a problem (RFC 9457); every answer has `X-Request-Id`, and those of a route `Server-Timing`.

Every path that takes GET takes HEAD as well. OPTIONS answers 204 with `Allow`, which also comes with the 405 that any
other method gets. A request that is no HTTP gets 400, and one whose head is too large 431.

The address that an upload form names is no part of this document: in the cloud it is the bucket's."""
_ANYWHERE: Final = {
    403: "Not allowed, or not under this host name",
    408: "The request took too long to arrive",
    413: "The body is too large",
    422: "Not valid; `field` says where",
    429: "Refused early, see Retry-After",
    500: "Something went wrong on our side",
    503: "A part is not answering, see Retry-After",
}
_WITH_TOKEN: Final = {401: "No token, or one that does not verify"}
_WITH_BODY: Final = {415: "The body is not sent as application/json"}
_TOLD: Final = {404: "No such thing in this catalogue", 409: "Something else got there first"}
_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds until the next try", "schema": {"type": "string"}}}
_HEADERS: Final = {
    201: {"Location": {"description": "Where the new thing is", "schema": {"type": "string"}}},
    401: {"WWW-Authenticate": {"description": "How to say who asks", "schema": {"type": "string"}}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
_REQUEST_ID: Final = {
    "name": "X-Request-Id",
    "in": "header",
    "description": "The caller's own id of this request: 1 to 128 letters, digits and `. _ : = -`; others are ignored.",
    "schema": {"type": "string"},
}


def openapi_document(routes: tuple[AnyRoute, ...] = ROUTES) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `routes`, made from them and their models; checked by openapi-pydantic."""
    schemas = _Schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    document = {
        "openapi": "3.1.1",
        "info": {"title": "Lookalike", "version": _VERSION, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "securitySchemes": {_TOKEN: {"type": "http", "scheme": "bearer"}},
        },
        "security": [{_TOKEN: []}],
    }
    OpenAPI.model_validate(document)
    return document


def openapi_text() -> str:
    """The document as it is kept in docs/openapi.json."""
    return json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n"


class _Schemas:
    """JSON Schemas of all models, shared ones once."""

    def __init__(self, routes: Iterable[AnyRoute]) -> None:
        wanted = {*_models(routes), _PROBLEM}
        self._refs, shared = models_json_schema(sorted(wanted, key=str), ref_template=_REF)
        self.definitions: dict[str, Any] = shared["$defs"]

    def ref(self, model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
        return self._refs[(model, mode)]


def _models(routes: Iterable[AnyRoute]) -> Iterator[tuple[type[BaseModel], JsonSchemaMode]]:
    for route in routes:
        if route.body is not None:
            yield route.body, "validation"
        if isinstance(route.answer, type):
            yield route.answer, "serialization"


def _operation(route: AnyRoute, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [*_parameters(route), _REQUEST_ID],
        "responses": _responses(route, schemas),
    }
    if route.body is not None:
        content = {JSON: {"schema": schemas.ref(route.body, "validation")}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.public:
        operation["security"] = []
    return {name: part for name, part in operation.items() if part != [] or name == "security"}


def _parameters(route: AnyRoute) -> Iterator[dict[str, Any]]:
    schema = route.parameters.model_json_schema(ref_template=_REF)
    for name, part in schema.get("properties", {}).items():
        in_path = name in route.path_parameters
        place = "path" if in_path else "query"
        yield {"name": name, "in": place, "required": in_path, "schema": part}


def _responses(route: AnyRoute, schemas: _Schemas) -> dict[str, Any]:
    good: dict[str, Any] = {"description": route.summary}
    if isinstance(route.answer, str):
        good["content"] = {route.answer: {}}
    elif route.answer is not None:
        good["content"] = {JSON: {"schema": schemas.ref(route.answer, "serialization")}}
    told = {status: _TOLD[status] for status in route.problems} | _ANYWHERE
    told |= ({} if route.public else _WITH_TOKEN) | ({} if route.body is None else _WITH_BODY)
    problem = {"content": {MEDIA_TYPE: {"schema": schemas.ref(Problem, "serialization")}}}
    bad = {status: {"description": told[status], **problem} for status in sorted(told)}
    return {
        str(status): {**part, "headers": _HEADERS[status]} if status in _HEADERS else part
        for status, part in {route.status: good, **bad}.items()
    }
