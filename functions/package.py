"""Packs the functions: ``python -m functions.package`` writes ``build/functions/<architecture>/<function>.zip``.

A package holds this project's code and the locked versions of what its function imports, as wheels for Lambda's
machine, whose hashes the lock has; nothing is compiled, so any machine with `uv` packs for any other. Equal inputs give
equal bytes: what an installation writes down about itself, and what a machine adds of its own, stays out.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
OURS: Final = ("functions", "lookalike")
PYTHON: Final = "3.12"
PLATFORMS: Final[Mapping[str, str]] = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
"""What uv calls Lambda's machines, by what Lambda calls them.
https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html"""
MOST_PACKED: Final = 50_000_000
MOST_UNPACKED: Final = 250_000_000
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
SERVICES: Final = frozenset({"dynamodb", "s3", "sqs"})
"""What of AWS is called; botocore describes four hundred services in 25 MB, of which the others stay behind."""
_COMMON: Final = ("aws-lambda-powertools[tracer]", "boto3", "numpy", "pillow", "pillow-heif")
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "uploads": (*_COMMON, "pydantic", "opensearch-py"),
    "search": (*_COMMON, "pydantic", "opensearch-py", "redis", "tritonclient[grpc]"),
    "prepare": _COMMON,
    "embed": (*_COMMON, "opensearch-py", "redis", "tritonclient[grpc]"),
    "index_access": ("aws-lambda-powertools[tracer]", "boto3", "numpy", "opensearch-py"),
}
"""What each function imports."""
_OF_INSTALLING: Final = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json")
"""What installers note beside a wheel's own metadata: paths and hashes of this machine among it."""
_UNIX: Final = 3  # the system that a zip's file modes are of
_MODE: Final = 0o644
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell


def main(arguments: Sequence[str] | None = None) -> int:
    """Pack, and print each package's size; 1 where one is larger than Lambda takes."""
    parser = argparse.ArgumentParser(prog="python -m functions.package", description=__doc__)
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="which; all where none is named")
    parser.add_argument("--architecture", choices=PLATFORMS, default="arm64", help="the machine (default: arm64)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "functions")
    asked = parser.parse_args(arguments)
    names = asked.functions or REQUIRED
    taken = [pack(REQUIRED[name], asked.architecture, asked.out / asked.architecture / f"{name}.zip") for name in names]
    return int(not all(taken))


def pack(required: Sequence[str], architecture: str, target: Path) -> bool:
    """Write `target`, a zip, and print its size and hash; whether Lambda takes it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        gather(required, Path(folder), ["--python-platform", PLATFORMS[architecture], "--python-version", PYTHON])
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        packed = write_zip(Path(folder), target)
    digest = sha256(target.read_bytes()).hexdigest()
    sizes = f"{packed / 1e6:6.1f} MB packed, {size / 1e6:6.1f} MB unpacked"
    print(f"{target.stem:<12} {sizes}, sha256 {digest}")  # noqa: T201 - a command
    return fits(size, packed)


def fits(unpacked: int, packed: int) -> bool:
    """Whether Lambda takes a package of so many bytes."""
    return unpacked <= MOST_UNPACKED and packed <= MOST_PACKED


def gather(required: Sequence[str], folder: Path, machine: Sequence[str] = ()) -> None:
    """Put our code and what it requires into `folder`; for this machine unless uv's options name another."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv if uv.exists() else "uv"), "pip", "install", "--quiet", "--target", str(folder), *machine]
    locked = ["--only-binary", ":all:", "--constraint", str(ROOT / "requirements" / "dev.txt")]
    subprocess.run([*command, *locked, *required], check=True)  # noqa: S603 - the arguments are ours
    for package in OURS:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for needless in _needless(folder):
        if needless.is_dir():
            shutil.rmtree(needless)
        else:
            needless.unlink(missing_ok=True)


def _needless(folder: Path) -> list[Path]:
    services = [path for path in (folder / "botocore" / "data").iterdir() if path.is_dir()]
    others = [path for path in services if path.name not in SERVICES]
    installing = [path for name in _OF_INSTALLING for path in folder.glob(f"*.dist-info/{name}")]
    return [
        folder / "bin",
        folder / ".lock",
        *others,
        *installing,
        *folder.glob("numpy/**/tests"),
        *folder.glob("**/include"),
    ]


def write_zip(folder: Path, target: Path) -> int:
    """Pack `folder`, so that equal contents give equal bytes; how many."""
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*"), key=Path.as_posix):
            if not path.is_file():
                continue
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16  # whatever this machine's umask is; Lambda imports, and starts nothing
            archive.writestr(entry, path.read_bytes())
    unfinished.replace(target)
    return target.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
