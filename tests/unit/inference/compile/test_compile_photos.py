import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.compile.photos import draw, shares
from lookalike.imaging.prepare import prepare

SIZE = 32


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 1000), min_size=1, max_size=8), st.integers(0, 500))
def test_shares_add_up_and_are_less_than_one_off(sizes: dict[str, int], count: int) -> None:
    parts = shares(sizes, count)
    assert sum(parts.values()) == count
    assert all(abs(parts[name] - count * size / sum(sizes.values())) < 1 for name, size in sizes.items())


def test_each_category_gives_its_share(photos: Path) -> None:
    (sample,), rejected = draw(photos, SIZE, [20], seed=0)
    assert sample.strata == {"dress": 12, "shirt": 6, "skirt": 2}
    assert sample.pixels.shape == (20, SIZE, SIZE, 3)
    assert rejected == []


def test_pixels_are_those_that_are_served_and_the_digest_is_of_the_files(photos: Path) -> None:
    (sample,), _ = draw(photos, SIZE, [40], seed=3)
    files = [path.read_bytes() for path in sorted(photos.glob("*/*"))]
    served = {prepare(data, SIZE).pixels.tobytes() for data in files}
    assert {photo.tobytes() for photo in sample.pixels} == served
    listed = "\n".join(sorted(hashlib.sha256(data).hexdigest() for data in files))
    assert sample.digest == hashlib.sha256(listed.encode()).hexdigest()


def test_the_seed_decides(photos: Path) -> None:
    first, again, other = (draw(photos, SIZE, [10], seed)[0][0] for seed in (5, 5, 6))
    assert first.digest == again.digest
    assert np.array_equal(first.pixels, again.pixels)
    assert first.digest != other.digest


def test_samples_have_no_photo_in_common_not_even_a_copy(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "train"
    shutil.copytree(photos, folder)
    for path in sorted(folder.glob("*/*")):
        shutil.copy(path, path.with_stem(f"copy-of-{path.stem}"))
    samples, _ = draw(folder, SIZE, [20, 10, 10], seed=0)
    seen = [{photo.tobytes() for photo in sample.pixels} for sample in samples]
    assert [len(photos) for photos in seen] == [20, 10, 10]
    assert not seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2]


def test_a_photo_that_cannot_be_used_is_told_of_and_replaced(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "train"
    shutil.copytree(photos, folder)
    for number in range(20):
        (folder / "dress" / f"broken{number}.png").write_bytes(b"no photo" + bytes([number]))
    (sample,), rejected = draw(folder, SIZE, [24], seed=0)
    assert len(sample) == 24
    assert rejected
    assert {photo.code for photo in rejected} == {"not_an_image"}
    assert all(photo.photo.startswith("dress/broken") for photo in rejected)


def test_too_few_photos_are_told_of(photos: Path) -> None:
    with pytest.raises(ValueError, match=r"has too few usable photos: \d+ more"):
        draw(photos, SIZE, [30, 20], seed=0)


@pytest.mark.parametrize("name", ["validation", "test"])
def test_photos_kept_for_measuring_are_refused(photos: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(photos, tmp_path / name)
    with pytest.raises(ValueError, match="kept for measuring"):
        draw(tmp_path / name, SIZE, [3], seed=0)


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no photos as <category>/<photo>"):
        draw(tmp_path, SIZE, [3], seed=0)
    with pytest.raises(ValueError, match="no folder"):
        draw(tmp_path / "nowhere", SIZE, [3], seed=0)


@pytest.mark.parametrize("count", [0, -3])
def test_a_sample_of_nothing_is_refused(photos: Path, count: int) -> None:
    with pytest.raises(ValueError, match=f"at least one photo, not {count}"):
        draw(photos, SIZE, [5, count], seed=0)
