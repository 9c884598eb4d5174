import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.compile.nvidia_smi import query_gpus

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="platform: the driver's stand-in is a shell script")


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have the driver's program do what a script says; there is none until then."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(script: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return put


def test_each_gpu_is_a_row_as_the_driver_gives_it(drive: Callable[[str], None]) -> None:
    drive('echo "NVIDIA L4, 570.86"; echo "Tesla T4, 570.86"')
    assert query_gpus("name", "driver_version") == ["NVIDIA L4, 570.86", "Tesla T4, 570.86"]


def test_the_driver_is_asked_for_all_fields_at_once(drive: Callable[[str], None]) -> None:
    drive('for argument; do echo "$argument"; done')
    assert query_gpus("name", "driver_version") == ["--query-gpu=name,driver_version", "--format=csv,noheader"]


@pytest.mark.usefixtures("drive")
def test_without_a_driver_there_is_no_gpu() -> None:
    assert query_gpus("name") == []


def test_what_a_failing_driver_says_is_no_gpu(drive: Callable[[str], None]) -> None:
    drive("echo NVIDIA-SMI has failed; exit 9")
    assert query_gpus("name") == []
