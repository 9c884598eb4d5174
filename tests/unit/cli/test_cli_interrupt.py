import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_harness import picture

_PROGRAM = """
import sys, time
from lookalike.cli.app import app
from lookalike.cli.session import Session

class Slow:
    def __enter__(self): return self
    def __exit__(self, *_):
        print("closing", flush=True)
        time.sleep(60)
    def import_photos(self, photos):
        print("begun", flush=True)
        time.sleep(60)
        yield

app(obj=Session(connect=lambda where, **_: Slow()))
"""


@pytest.mark.skipif(os.name == "nt", reason="platform: no SIGINT to send to one process")
def test_the_first_ctrl_c_finishes_and_the_second_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(1))
    command = [sys.executable, "-c", _PROGRAM, "import", str(tmp_path), "-c", "memory:", "--category", "hat"]
    # A process that a script starts in the background may be told to ignore SIGINT: have it listen.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 (one thread)
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "closing\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err) == (130, False)
