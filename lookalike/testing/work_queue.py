from collections.abc import Sequence

from lookalike.ports.work_queue import Pointer


class InMemoryWorkQueue:
    """Shows what was sent; a test takes it from `pointers` when it wants the next step to run.

    Set `refusal` to have every `send_many` raise it.
    """

    def __init__(self) -> None:
        self.pointers: list[Pointer] = []
        self.refusal: Exception | None = None

    def send_many(self, pointers: Sequence[Pointer]) -> None:
        """Accept all of them, or raise `refusal`."""
        if self.refusal is not None:
            raise self.refusal
        self.pointers.extend(pointers)

    def drain(self) -> list[Pointer]:
        """Everything sent since the last call, duplicates too."""
        drained, self.pointers = self.pointers, []
        return drained
