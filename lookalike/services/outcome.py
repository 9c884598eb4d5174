from dataclasses import dataclass

from lookalike.ports.work_queue import Pointer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pointer: done for good, or `error` says why it has to come again."""

    pointer: Pointer
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether the message can be deleted."""
        return not self.error
