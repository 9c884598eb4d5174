from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import CredentialRetrievalError

from lookalike.adapters.aws.cache_token import cache_token
from lookalike.errors import UnavailableError


def test_a_token_is_a_signed_request_without_its_scheme() -> None:
    credentials = Credentials("AKIDEXAMPLE", "secret", "session")
    token = cache_token(credentials, region="eu-west-1", cache="embeddings", user="lookalike")
    parts = urlsplit(f"//{token}")
    said = parse_qs(parts.query)
    assert (parts.netloc, parts.path) == ("embeddings", "/")
    assert (said["Action"], said["User"], said["X-Amz-Expires"]) == (["connect"], ["lookalike"], ["900"])
    assert said["X-Amz-Credential"][0].endswith("/eu-west-1/elasticache/aws4_request")
    assert said["X-Amz-Security-Token"] == ["session"]
    assert len(said["X-Amz-Signature"][0]) == 64
    assert "secret" not in token


class Expired(Credentials):
    def get_frozen_credentials(self) -> None:
        raise CredentialRetrievalError(provider="sts", error_msg="expired")


def test_credentials_that_cannot_be_had_are_an_error_of_ours() -> None:
    with pytest.raises(UnavailableError):
        cache_token(Expired("key", "secret"), region="eu-west-1", cache="embeddings", user="lookalike")
