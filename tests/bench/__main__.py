"""Every benchmark, one after the other: `python -m tests.bench` (`make bench`)."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run each bench_*.py in a process of its own, so that none warms another."""
    worst = 0
    for bench in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n== {bench.stem}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"tests.bench.{bench.stem}"], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
