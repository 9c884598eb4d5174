from pathlib import Path

import pytest
from cli_harness import Run, connect_with_fake, picture, runner


@pytest.fixture
def run() -> Run:
    """Run one command line in this process."""
    return runner(connect_with_fake)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Where a catalogue can be."""
    return tmp_path / "shop"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six photos in two categories' folders."""
    folder = tmp_path / "photos"
    for at in range(6):
        path = folder / ("dress" if at % 2 else "hat") / f"{at}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(at))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "b.jpg").write_bytes(b"b")
    return tmp_path
