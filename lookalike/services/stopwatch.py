from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter


@dataclass(slots=True)
class Stopwatch:
    """Milliseconds by stage; a stage entered twice adds up."""

    stages_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body under `name`."""
        start = perf_counter()
        try:
            yield
        finally:
            took = (perf_counter() - start) * 1000
            self.stages_ms[name] = self.stages_ms.get(name, 0.0) + took
