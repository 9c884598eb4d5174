import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from botocore.credentials import ReadOnlyCredentials

from functions import runtime
from functions.index_access.handler import handler
from lookalike.errors import UnavailableError
from tests.unit.adapters.opensearch.signed_server import SignedServer, signed_server

# It has nothing to count, of which Powertools complains.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish:UserWarning")

KEEPER = ReadOnlyCredentials("ASIAKEEPER", "the keeper's secret", "the keeper's token")
CONTEXT = SimpleNamespace(
    function_name="index-access",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:eu-west-3:111122223333:function:index-access",
    aws_request_id="1",
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SignedServer]:
    told = {
        "AWS_REGION": "eu-west-3",
        "AWS_ACCESS_KEY_ID": KEEPER.access_key,
        "AWS_SECRET_ACCESS_KEY": KEEPER.secret_key,
        "AWS_SESSION_TOKEN": KEEPER.token or "",
        "POWERTOOLS_SERVICE_NAME": "index-access",
        "POWERTOOLS_METRICS_NAMESPACE": "Lookalike",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    runtime.metrics.cache_clear()  # another test's may have been made without a namespace
    with signed_server() as running:
        yield running
    runtime.metrics.cache_clear()


def event(server: SignedServer) -> dict[str, str]:
    arn = "arn:aws:iam::111122223333:role/search-0a1b"
    return {"endpoint": server.url, "role": "index-search", "access": "search", "backend_role": arn}


def test_it_tells_opensearch_in_its_own_name_what_a_role_may(server: SignedServer) -> None:
    assert handler(event(server), CONTEXT) == {"role": "index-search"}
    security = "/_plugins/_security/api"
    asked = [(received.method, received.target) for received in server.received]
    assert asked == [
        ("PUT", f"{security}/roles/index-search"),
        ("PUT", f"{security}/rolesmapping/index-search"),
        ("PATCH", f"{security}/audit"),
    ]
    assert all(received.is_signed_by(KEEPER) for received in server.received)
    role, mapping, _ = (json.loads(received.body) for received in server.received)
    (allowed,) = role["index_permissions"]
    assert allowed["index_patterns"] == ["lookalike_*"]
    assert "indices:data/read/search" in allowed["allowed_actions"]
    assert mapping == {"backend_roles": [event(server)["backend_role"]]}


def test_a_deployment_fails_where_opensearch_refuses(server: SignedServer) -> None:
    server.status.append(403)
    with pytest.raises(UnavailableError):
        handler(event(server), CONTEXT)


def test_an_access_that_there_is_not_is_refused(server: SignedServer) -> None:
    with pytest.raises(KeyError):
        handler({**event(server), "access": "everything"}, CONTEXT)
    assert server.received == []
