"""Packages built for real, from the locked wheels: twice the same, for both of Lambda's machines, within its limits."""

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from functions.package import PLATFORMS, ROOT, fits, pack, write_zip

FEW: Final = ("boto3", "pydantic")
"""Small, and one of them native: the functions' own take a minute to pack."""
_MACHINES: Final = {"arm64": "aarch64-linux-gnu", "x86_64": "x86_64-linux-gnu"}
_OF_THE_MACHINE: Final = re.compile(
    r"(^|/)(RECORD|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json|\.lock|__pycache__)(/|$)|\.pyc$|^bin/"
)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("packages")
    made = {architecture: out / f"{architecture}.zip" for architecture in PLATFORMS}
    assert all(pack(FEW, architecture, target) for architecture, target in made.items())
    return made


def contents(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def test_twice_the_same_whoever_builds_and_size_and_hash_are_told(
    built: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again.zip"
    with umask(0o077):
        pack(FEW, "arm64", again)
    assert contents(again) == contents(built["arm64"])
    digest = sha256(again.read_bytes()).hexdigest()
    assert digest == sha256(built["arm64"].read_bytes()).hexdigest()
    said = capsys.readouterr().out
    assert re.fullmatch(rf"again +[0-9.]+ MB packed, +[0-9.]+ MB unpacked, sha256 {digest}\n", said)


@pytest.mark.parametrize("architecture", PLATFORMS)
def test_what_is_native_is_for_the_machine_it_runs_on(built: dict[str, Path], architecture: str) -> None:
    native = [name for name in contents(built[architecture]) if name.endswith(".so")]
    assert native
    assert all(f"cpython-312-{_MACHINES[architecture]}" in name for name in native)


def test_it_holds_our_code_and_nothing_of_the_building_machine(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["arm64"]) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    assert {"functions/search/handler.py", "lookalike/errors.py", "boto3/__init__.py"} <= set(names)
    assert [name for name in names if _OF_THE_MACHINE.search(name)] == []
    assert str(ROOT) not in zipfile.Path(built["arm64"], "functions/package.py").read_text()
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert names == sorted(names)


def test_what_is_locked_is_what_is_packed(built: dict[str, Path]) -> None:
    locked = dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE))
    installed = {name.split("/")[0] for name in contents(built["arm64"]) if ".dist-info/" in name}
    assert {f"boto3-{locked['boto3']}.dist-info", f"botocore-{locked['botocore']}.dist-info"} <= installed
    for name in installed:
        project, version = name.removesuffix(".dist-info").rsplit("-", 1)
        assert locked[project.lower().replace("_", "-")] == version


@pytest.mark.parametrize(
    ("unpacked", "packed", "taken"),
    [(250_000_000, 50_000_000, True), (250_000_001, 1_000_000, False), (1_000_000, 50_000_001, False)],
)
def test_what_lambda_does_not_take_is_refused(unpacked: int, packed: int, taken: bool) -> None:
    assert fits(unpacked, packed) is taken


def test_neither_times_nor_modes_nor_order_matter(tmp_path: Path) -> None:
    made = []
    for number, (order, mode, when) in enumerate([("ab", 0o600, 1), ("ba", 0o755, 2_000_000_000)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in order:
            (folder / name).write_text(f"{name} = 1\n")
            (folder / name).chmod(mode)
            os.utime(folder / name, (when, when))
        write_zip(folder, tmp_path / f"{number}.zip")
        made.append((tmp_path / f"{number}.zip").read_bytes())
    assert made[0] == made[1]
