from typing import Final

from lookalike.contract.models.search import SearchBody, SearchView
from lookalike.contract.route import Answer, Call, NoParameters, Route
from lookalike.contract.services import Search


def _search(service: Search, call: Call[NoParameters, SearchBody]) -> Answer:
    result = service(call.catalogue, call.body.query())
    return Answer(SearchView.of(result), stages_ms=result.stages_ms)


SEARCH: Final = Route(
    name="search",
    method="POST",
    path="/v1/search",
    summary="The items most like an upload, an item, a vector or a text",
    service=lambda services: services.find_similar,
    handle=_search,
    parameters=NoParameters,
    body=SearchBody,
    answer=SearchView,
    problems=(404,),
)
