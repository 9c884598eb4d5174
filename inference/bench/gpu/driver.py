"""Whether NVIDIA's driver has a GPU here, and which."""

from inference.bench.gpu.way import NotBroughtError
from inference.compile.nvidia_smi import query_gpus


def gpu() -> str:
    """Name and driver of the first GPU; empty where there is none."""
    return next(iter(query_gpus("name", "driver_version")), "")


def need_gpu() -> None:
    """Raises `NotBroughtError` where there is none."""
    if not gpu():
        raise NotBroughtError("the driver (nvidia-smi) shows no GPU")
