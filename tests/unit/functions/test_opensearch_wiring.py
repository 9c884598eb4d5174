from collections.abc import Iterator

import pytest
from botocore.credentials import ReadOnlyCredentials

from functions.aws import Aws
from functions.opensearch import open_index
from functions.settings import Settings
from lookalike.domain.catalogue import CatalogueId
from tests.unit.adapters.opensearch.signed_server import SignedServer, signed_server

ROLE = ReadOnlyCredentials("ASIAROLE", "the role's secret", "the role's token")


@pytest.fixture
def server() -> Iterator[SignedServer]:
    with signed_server() as running:
        yield running


def test_a_function_asks_the_index_in_its_roles_name(server: SignedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ROLE.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ROLE.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", ROLE.token)
    index = open_index(server.url, Aws(Settings(region="eu-west-3")))
    assert index.generations(CatalogueId("shop")) == ()
    (received,) = server.received
    assert received.is_signed_by(ROLE)
    assert (received.said["region"], received.said["service"]) == ("eu-west-3", "es")
