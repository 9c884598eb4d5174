"""What NVIDIA's driver says of this machine."""

import shutil
import subprocess

from inference.bench.gpu.way import NotBroughtError


def gpu() -> str:
    """Name and driver of the first GPU; empty where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    query = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    said = subprocess.run(query, capture_output=True, text=True, check=False)  # noqa: S603 (a list, no shell)
    return said.stdout.partition("\n")[0] if said.returncode == 0 else ""


def need_gpu() -> None:
    """Raises `NotBroughtError` where there is none."""
    if not gpu():
        raise NotBroughtError("the driver (nvidia-smi) shows no GPU")
