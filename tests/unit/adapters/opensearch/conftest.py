"""OpenSearch's client as it is, over a connection that answers from a list."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.connection import Connection

Answer = tuple[int, dict[str, Any]]


class Scripted(Connection):
    """Gives the answers in turn, the last one again and again, and keeps what was asked."""

    def __init__(self, answers: list[Answer], asked: list[tuple[str, str, str]], **settings: Any) -> None:
        super().__init__(**settings)
        self.answers, self.asked = answers, asked

    def perform_request(
        self, method: str, url: str, _params: Any = None, body: bytes | None = None, *_: Any, **__: Any
    ) -> tuple[int, dict[str, str], str]:
        self.asked.append((method, url, (body or b"").decode()))
        status, answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status >= 300:
            self._raise_error(status, json.dumps(answer), "application/json")
        return status, {"content-type": "application/json"}, json.dumps(answer)

    def close(self) -> None:
        pass


Script = Callable[..., tuple[OpenSearch, list[tuple[str, str, str]]]]


@pytest.fixture
def script() -> Iterator[Script]:
    """Makes a client that is answered with these, and the list of what it asks."""
    with ExitStack() as opened:

        def make(*answers: Answer) -> tuple[OpenSearch, list[tuple[str, str, str]]]:
            asked: list[tuple[str, str, str]] = []

            def connect(**settings: Any) -> Scripted:
                return Scripted(list(answers), asked, **settings)

            client = OpenSearch("http://127.0.0.1:1", connection_class=connect, max_retries=0)
            return opened.enter_context(closing(client)), asked

        yield make
