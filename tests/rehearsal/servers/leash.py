"""Servers end with the process that started them, however that ends: killed outright it could stop nothing itself."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

_WATCH: Final = """
import glob, os, sys
sys.stdin.read()  # until nobody holds the other end
try:
    getattr(os, "killpg", os.kill)(int(sys.argv[1]), 9)
except ProcessLookupError:
    pass
for left in sys.argv[2:]:
    for path in glob.glob(left):
        os.unlink(path)
"""


@contextmanager
def leashed(command: Sequence[str], *, leftovers: Sequence[str] = (), **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` in a group of its own, which is killed should this process end before the block does.

    Whoever leaves the block has stopped it. `leftovers` are patterns of files that a killed server leaves behind; `how`
    goes to `Popen`.
    """
    process = subprocess.Popen(command, process_group=0, **how)
    # The kernel's own way (PR_SET_PDEATHSIG) fires with the thread that started a process, and knows no groups.
    watcher = [sys.executable, "-I", "-S", "-c", _WATCH, str(process.pid), *leftovers]
    with subprocess.Popen(watcher, stdin=subprocess.PIPE, process_group=0) as watching:
        try:
            yield process
        finally:
            watching.kill()
