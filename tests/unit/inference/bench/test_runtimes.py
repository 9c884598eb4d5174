import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.bench import runtimes
from inference.bench.runtimes import Run, race
from lookalike.testing.onnx_model import write_model

PHOTOS = np.zeros((16, 2, 2, 3), np.uint8)


def test_contenders_take_turns_of_several_calls_on_every_batch() -> None:
    calls: list[tuple[str, int]] = []

    def contender(name: str) -> Run:
        def run(photos: NDArray[np.uint8]) -> NDArray[np.float32]:
            calls.append((name, len(photos)))
            return np.zeros((len(photos), 4), np.float32)

        return run

    speeds = race({name: contender(name) for name in ("one", "other")}, PHOTOS, rounds=3)
    turns = [(name, batch) for _ in range(3) for name in ("one", "other") for batch in (1, 2, 4, 8, 16)]
    assert calls == [turn for turn in turns for _ in range(12)]
    assert {name: list(by_batch) for name, by_batch in speeds.items()} == {
        "one": [1, 2, 4, 8, 16],
        "other": [1, 2, 4, 8, 16],
    }
    assert all(speed > 0 for by_batch in speeds.values() for speed in by_batch.values())


def test_photos_are_as_large_as_the_model_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_model(tmp_path / "model.onnx", input_size=16)
    monkeypatch.setattr(runtimes, "_files", lambda _: {"FP32": model, "INT8": model})
    monkeypatch.setattr(sys, "argv", ["runtimes", "--threads", "1", "--rounds", "1"])
    runtimes.main()
    lines = capsys.readouterr().out.splitlines()
    names = ["ONNX Runtime FP32", "ONNX Runtime INT8", "OpenVINO FP32", "OpenVINO INT8"]
    assert [line.split("  ")[0].strip() for line in lines] == names
    assert "1.00 x" in lines[0]
    assert all("cosine 1.0000  [1: " in line for line in lines)
