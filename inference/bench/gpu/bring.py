"""Which ways can be had on this machine."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from inference.bench.gpu.way import NotBroughtError, Way

# A module is imported only to be asked: what it needs may not be here.
_WAYS: Final[Mapping[str, tuple[str, Callable[[Any], Way]]]] = {
    "onnxruntime-tensorrt": ("onnx_runtime", lambda module: module.bring(module.TENSORRT)),
    "onnxruntime-cuda": ("onnx_runtime", lambda module: module.bring(module.CUDA)),
    "trtexec": ("trtexec", lambda module: module.bring()),
    "torch": ("cuda_graph", lambda module: module.bring(fused=False)),
    "torch-compiled": ("cuda_graph", lambda module: module.bring(fused=True)),
}
NAMES: Final = tuple(_WAYS)


def bring(name: str) -> Way:
    """One of `NAMES`. Raises `NotBroughtError` where it cannot be had here."""
    module, made = _WAYS[name]
    try:
        return made(import_module(f"inference.bench.gpu.{module}"))
    except ImportError as error:
        raise NotBroughtError(str(error)) from error
