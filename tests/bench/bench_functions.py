"""What a function costs to start: importing its code, beside importing boto3, NumPy and OpenCV.

Each import runs in a process of its own, in turns, so that all see the same machine; the middle of the runs counts.
Everything is compiled before it is timed, as it is in a package. OpenCV comes with the bench requirements and is
imported for nothing else.
"""

import argparse
import os
import statistics
import subprocess
import sys
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Final

GOAL: Final = 0.6
BASELINE: Final = "boto3 numpy cv2"
FUNCTIONS: Final = ("uploads", "search", "prepare", "embed")
TIMED: Final = """
import sys, time, importlib
begun = time.perf_counter()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(time.perf_counter() - begun, len(sys.modules))
"""


def main() -> int:
    """Print a line a function; 1 where there is no OpenCV to compare with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    if find_spec("cv2") is None:
        print("OpenCV is not installed: run `make bench`, which installs it")
        return 1
    contenders = {BASELINE: BASELINE.split(), **{name: [f"functions.{name}.handler"] for name in FUNCTIONS}}
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    modules: dict[str, int] = {}
    with TemporaryDirectory() as compiled:
        for _ in range(runs + 1):  # the first run compiles
            for name, imports in contenders.items():
                seconds, modules[name] = _import(imports, compiled)
                taken[name].append(seconds)
    middle = {name: statistics.median(times[1:]) for name, times in taken.items()}
    for name, seconds in middle.items():
        ratio = seconds / middle[BASELINE]
        print(f"{name:<18} {seconds * 1000:6.0f} ms  {modules[name]:5} modules  ratio {ratio:4.2f}  (goal {GOAL})")
    return 0


def _import(names: list[str], compiled: str) -> tuple[float, int]:
    command = [sys.executable, "-c", TIMED, *names]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    seconds, count = done.stdout.split()
    return float(seconds), int(count)


if __name__ == "__main__":
    sys.exit(main())
