from collections.abc import Sequence
from datetime import timedelta

from lookalike.ports.work_queue import AT_ONCE, Pointer


class InMemoryWorkQueue:
    """Shows what was sent; a test takes it from `pointers` when it wants the next step to run.

    What was sent with a delay waits in `later` until `drain` has been called once.
    Set `refusal` to have every `send_many` raise it.
    """

    def __init__(self) -> None:
        self.pointers: list[Pointer] = []
        self.later: list[Pointer] = []
        self.refusal: Exception | None = None

    def send_many(self, pointers: Sequence[Pointer], *, delay: timedelta = AT_ONCE) -> None:
        """Accept all of them, or raise `refusal`."""
        if self.refusal is not None:
            raise self.refusal
        (self.later if delay else self.pointers).extend(pointers)

    def drain(self) -> list[Pointer]:
        """Everything sent since the last call, duplicates too; what was delayed comes with the next."""
        drained, self.pointers, self.later = self.pointers, self.later, []
        return drained
