import json
import math
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from inference.bench.capacity import Point
from inference.bench.perf_analyzer import analysed, read_point
from tests.rehearsal.servers.triton import TritonMissingError

REPORT = (
    "Request Rate,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,Server Compute Input,"
    "Server Compute Infer,Server Compute Output,Client Recv,p50 latency,p90 latency,p95 latency,p99 latency\n"
    "20,19.8901,34,5760,987,71,35703,674,8,30206,70776,104950,245434\n"
)
"""As the program itself wrote it (2.51)."""

PROGRAM = """#!{python}
import json, pathlib, sys
pathlib.Path({log!r}).write_text(json.dumps(sys.argv[1:]))
if {said!r}:
    print({said!r})
    sys.exit(99)
pathlib.Path(sys.argv[sys.argv.index("-f") + 1]).write_text({report!r})
"""

scripts = pytest.mark.skipif(sys.platform == "win32", reason="the program is a script")


def program(folder: Path, said: str = "") -> Path:
    path, log = folder / "perf_analyzer", str(folder / "log")
    path.write_text(PROGRAM.format(python=sys.executable, log=log, said=said, report=REPORT), encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_report_is_a_point_in_milliseconds() -> None:
    assert read_point(20.0, REPORT) == Point(20, 19.8901, 30.206, 245.434, 0)


@scripts
def test_a_rate_is_offered_for_as_long_as_it_was_asked(tmp_path: Path) -> None:
    at = analysed("127.0.0.1:8001", "embedder", 4.0, program(tmp_path))
    assert at(12.5).served == 19.8901
    said = json.loads((tmp_path / "log").read_text(encoding="utf-8"))
    given = dict(pairwise(said))
    assert (given["-u"], given["-m"], given["--request-rate-range"]) == ("127.0.0.1:8001", "embedder", "12.500")
    assert (given["--request-count"], given["--request-parameter"]) == ("50", "priority:1:uint")


@scripts
def test_a_refusal_is_a_point_that_does_not_hold(tmp_path: Path) -> None:
    found = analysed("x", "embedder", 1, program(tmp_path, "Thread [0] had error: Exceeds maximum queue size"))(300)
    assert (found.served, found.refused, math.isnan(found.p99_ms)) == (0, 1, True)
    assert not found.holds(1000)


@scripts
def test_another_failure_is_no_point(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="status 99: connection refused"):
        analysed("x", "embedder", 1, program(tmp_path, "connection refused"))(300)


def test_without_the_program_it_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(TritonMissingError, match="make sweep"):
        analysed("x", "embedder", 1, tmp_path / "none")
