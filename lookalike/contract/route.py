import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel

from lookalike.contract.http import Caller
from lookalike.contract.models.base import Model
from lookalike.contract.services import Services
from lookalike.domain.catalogue import CatalogueId
from lookalike.errors import UnauthenticatedError

S = TypeVar("S")
P = TypeVar("P", bound=BaseModel)
B = TypeVar("B", bound=BaseModel | None)

BODY_LIMIT: Final = 64 * 1024
"""Bytes of a request's body; pixels never travel in one."""
JSON: Final = "application/json"


class NoParameters(Model):
    """For routes that take none."""


@dataclass(frozen=True, slots=True)
class Call(Generic[P, B]):
    """A request that was found valid: who asks, the path's and query's parameters, the body."""

    caller: Caller | None
    parameters: P
    body: B

    @property
    def catalogue(self) -> CatalogueId:
        """The caller's. Raises `UnauthenticatedError`: no route reads a catalogue for nobody."""
        if self.caller is None:
            raise UnauthenticatedError("this needs a token")
        return self.caller.catalogue


@dataclass(frozen=True, slots=True)
class Picture:
    """An answer that is not JSON."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route has to say; `stages_ms` become Server-Timing."""

    content: BaseModel | Picture | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stages_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[S, P, B]):
    """One verb of the API: where it is, what it takes and gives, and the one service it asks.

    `path` holds parameters in braces, each a whole segment and a field of `parameters`; the other fields are the
    query's. `answer` is the model of a JSON answer, or the media type of another, or None for no content. What is
    `always` answered is quick, and no load keeps it waiting.
    """

    name: str
    method: str
    path: str
    summary: str
    service: Callable[[Services], S | None]
    handle: Callable[[S, Call[P, B]], Answer]
    parameters: type[P]
    body: type[B] | None = None
    answer: type[BaseModel] | str | None = None
    status: int = 200
    public: bool = False
    always: bool = False
    body_limit: int = BODY_LIMIT
    problems: tuple[int, ...] = ()

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Names of the parameters in the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, decoded, where it is this route's."""
        ours, theirs = self.path.split("/"), path.split("/")
        if len(ours) != len(theirs):
            return None
        found = {}
        for our, their in zip(ours, theirs, strict=True):
            if our.startswith("{") and their:
                found[our[1:-1]] = unquote(their)
            elif our != their:
                return None
        return found


AnyRoute = Route[Any, Any, Any]
