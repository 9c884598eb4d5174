"""What each of many files costs to prepare, measured in a process that does nothing else."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.errors import PhotoRejectedError
from lookalike.imaging.prepare import prepare
from tests.hostile.pictures import encode_all

_MOST_MEMORY = 1_000_000_000
"""Bytes at which the process is told that there are no more, whatever the test allows."""
_MOST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Measured:
    """`memory` is the peak in bytes above what was held before; `outcome` a rejection, ``decoded`` or ``escaped``."""

    path: Path
    outcome: str
    cause: str
    seconds: float
    memory: int


def run_limited(*program: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """Run Python on `program` to a good end, on one thread and with little kept back by its allocator."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *program],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def measure(files: Sequence[Path]) -> list[Measured]:
    """Prepare every file, in the order given, and see to it that nothing is said on the terminal. Linux only."""
    done = run_limited("-m", "tests.hostile.measure", given="\n".join(map(str, files)))
    assert done.stderr == "", "decoders keep their remarks to themselves"
    lines = [line.split("|") for line in done.stdout.splitlines()]
    return [Measured(Path(path), *words, float(seconds), int(memory)) for path, *words, seconds, memory in lines]


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def _outcome(data: bytes) -> tuple[str, str]:
    try:
        prepare(data, 224)
    except PhotoRejectedError as error:
        return error.code, type(error.__cause__).__name__
    except Exception as error:  # noqa: BLE001 (which is what is looked for)
        return "escaped", repr(error)
    return "decoded", ""


def _main() -> None:
    import resource  # noqa: PLC0415 (not on every platform)

    for data in encode_all().values():
        prepare(data, 32)
    held = _status("VmSize") + _MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (held, held))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    for path in sys.stdin.read().splitlines():
        data = Path(path).read_bytes()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew: proc(5)
        before, start = _status("VmRSS"), time.process_time()
        outcome, cause = _outcome(data)
        print(path, outcome, cause, time.process_time() - start, _status("VmHWM") - before, sep="|")


if __name__ == "__main__":
    _main()
