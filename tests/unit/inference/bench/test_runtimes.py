import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.bench import runtimes
from inference.bench.runtimes import Run, race
from lookalike.testing.onnx_model import write_model

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


def test_photos_are_as_large_as_the_model_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_model(tmp_path / "model.onnx", input_size=16)
    monkeypatch.setattr(runtimes, "_files", lambda _: {"FP32": model, "INT8": model})
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(sys, "argv", ["runtimes", "--threads", "1", "--rounds", "1"])
    runtimes.main()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("ONNX Runtime FP32")
    assert "1.00 x  cosine 1.0000  [1: " in first
    assert second.startswith("ONNX Runtime INT8")
    assert "cosine 1.0000  [1: " in second
