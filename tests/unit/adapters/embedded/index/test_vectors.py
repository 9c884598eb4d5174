from pathlib import Path

import numpy as np
import pytest

from lookalike.adapters.embedded.index.vectors import VectorFile
from lookalike.domain.embedding import DIMENSIONS
from lookalike.errors import CatalogueDamagedError

ROWS = np.random.default_rng(1).standard_normal((3_000, DIMENSIONS)).astype(np.float32)


@pytest.fixture(params=["file", "memory"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "vectors.f32" if request.param == "file" else None


def test_keeps_what_was_written_while_it_grows(path: Path | None) -> None:
    file = VectorFile(path, rows=0)
    for start in range(0, 3_000, 700):
        file.write(start, ROWS[start : start + 700])
    np.testing.assert_array_equal(file.array[:3_000], ROWS)
    file.close()


def test_an_array_taken_before_it_grew_stays_valid(path: Path | None) -> None:
    file = VectorFile(path, rows=0)
    file.write(0, ROWS[:10])
    before = file.array
    file.write(10, ROWS[10:])
    np.testing.assert_array_equal(before[:10], ROWS[:10])
    file.close()


def test_is_there_after_reopening(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "v", rows=0)
    file.write(0, ROWS)
    file.close()
    file.close()
    again = VectorFile(tmp_path / "v", rows=3_000, read_only=True)
    np.testing.assert_array_equal(again.array[:3_000], ROWS)
    assert not again.array.flags.writeable
    again.close()


def test_a_write_cut_short_while_growing_costs_nothing(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "v", rows=0)
    file.write(0, ROWS[:5])
    file.close()
    with (tmp_path / "v").open("ab") as torn:
        torn.write(b"half a row")
    again = VectorFile(tmp_path / "v", rows=5)
    again.write(5, ROWS[5:])
    np.testing.assert_array_equal(again.array[:3_000], ROWS)
    again.close()


@pytest.mark.parametrize("left", [None, 4 * DIMENSIONS * 4])
def test_a_missing_or_short_file_is_reported(tmp_path: Path, left: int | None) -> None:
    if left is not None:
        (tmp_path / "v").write_bytes(bytes(left))
    with pytest.raises(CatalogueDamagedError, match="v "):
        VectorFile(tmp_path / "v", rows=5)
