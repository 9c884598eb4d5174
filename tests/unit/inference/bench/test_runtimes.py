import numpy as np
from numpy.typing import NDArray

from inference.bench.runtimes import Run, race

PHOTOS = np.zeros((8, 2, 2, 3), np.uint8)


def test_contenders_take_turns_on_every_batch_and_the_first_two_rounds_do_not_count() -> None:
    calls: list[tuple[str, int]] = []

    def contender(name: str) -> Run:
        def run(photos: NDArray[np.uint8]) -> NDArray[np.float32]:
            calls.append((name, len(photos)))
            return np.zeros((len(photos), 4), np.float32)

        return run

    speeds = race({name: contender(name) for name in ("one", "other")}, PHOTOS, rounds=3)
    assert calls == [(name, batch) for _ in range(5) for name in ("one", "other") for batch in (1, 2, 4, 8)]
    assert {name: list(by_batch) for name, by_batch in speeds.items()} == {
        "one": [1, 2, 4, 8],
        "other": [1, 2, 4, 8],
    }
    assert all(speed > 0 for by_batch in speeds.values() for speed in by_batch.values())
