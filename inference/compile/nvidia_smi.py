"""What NVIDIA's driver says of this machine's GPUs."""

import shutil
import subprocess


def query_gpus(*fields: str) -> list[str]:
    """The `fields` of each GPU, a row each, e.g. ``NVIDIA L4, 570.86.15``; none without a driver, or where it fails.

    `nvidia-smi --help-query-gpu` lists what it can be asked.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader"]
    said = subprocess.run(query, capture_output=True, text=True, check=False)  # noqa: S603 (a list, no shell)
    return said.stdout.splitlines() if said.returncode == 0 else []
