from collections.abc import Callable
from functools import cached_property
from typing import Any


class Deferred:
    """Stands for a part that most events do not need: made, with all that it imports, when it is first used."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)
