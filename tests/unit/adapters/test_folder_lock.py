import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.adapters.embedded.folder_lock import FolderLock
from lookalike.errors import CatalogueLockedError

HOLD = """
import sys, pathlib
from lookalike.adapters.embedded.folder_lock import FolderLock
lock = FolderLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_writer_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(CatalogueLockedError, match=rf"{re.escape(str(tmp_path))}.*process {os.getpid()}\b"):
        FolderLock(tmp_path)
    lock.release()


def test_after_release_another_may_have_it(tmp_path: Path) -> None:
    for _ in range(3):
        lock = FolderLock(tmp_path)
        lock.release()
        lock.release()


def test_the_one_who_was_refused_takes_nothing_from_the_holder(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    for _ in range(3):
        with pytest.raises(CatalogueLockedError, match=str(os.getpid())):
            FolderLock(tmp_path)
    lock.release()


def test_a_lock_holds_across_processes_and_ends_with_kill_9(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(CatalogueLockedError, match=rf"process {holder.pid}\b"):
            FolderLock(tmp_path)
        holder.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    lock = FolderLock(tmp_path)
    with pytest.raises(CatalogueLockedError, match=rf"process {os.getpid()}\b"):
        FolderLock(tmp_path)
    lock.release()


@pytest.mark.parametrize("sidecar", [b"", b"nonsense", b"\xff\xfe"])
def test_a_sidecar_that_tells_nothing_does_not_hide_the_lock(tmp_path: Path, sidecar: bytes) -> None:
    lock = FolderLock(tmp_path)
    (tmp_path / "lock.pid").write_bytes(sidecar)
    with pytest.raises(CatalogueLockedError, match="another process"):
        FolderLock(tmp_path)
    lock.release()
