"""Weights from a file that may be hostile, and whether they are those of an architecture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

Weights = dict[str, Tensor]
_PICKLED = frozenset({".pt", ".pth", ".bin"})
_INSIDE = ("state_dict", "model")  # where training scripts keep them, beside optimisers and counters
_SHOWN = 3


def read_weights(path: Path) -> Weights:
    """Tensors by name, on the CPU. No code in the file is run: safetensors, or torch's `weights_only`.

    Raises `FileNotFoundError` where there is no file, `ValueError` for one that holds anything but finite tensors.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}")
    if path.suffix != ".safetensors" and path.suffix not in _PICKLED:
        raise ValueError(f"{path.name}: weights are read from .safetensors, .pt, .pth or .bin")
    try:
        content = _read(path)
    except Exception as error:  # each library's own, down to UnpicklingError
        said = str(error).partition("\n")[0]
        raise ValueError(f"{path.name} holds no weights that can be read safely: {said}") from error
    weights = _unwrapped(content)
    if not weights or not all(isinstance(value, Tensor) for value in weights.values()):
        raise ValueError(f"{path.name} holds something else than named tensors")
    if endless := [name for name, value in weights.items() if not value.isfinite().all()]:
        raise ValueError(f"{path.name} holds numbers that are not finite, in {_some(endless)}")
    return weights


def put(weights: Weights, module: nn.Module, unused: tuple[str, ...] = ()) -> None:
    """Fill `module`, whose every parameter must be there in its shape; names that begin with `unused` do not count.

    Raises `ValueError` saying what is missing, foreign or of another shape.
    """
    given = {name: value for name, value in weights.items() if not name.startswith(unused)}
    wanted = {name: value for name, value in module.state_dict().items() if not name.startswith(unused)}
    counters = {name for name in wanted if name.endswith("num_batches_tracked")}  # old files lack them
    faults = {
        "missing": sorted(wanted.keys() - given.keys() - counters),
        "foreign": sorted(given.keys() - wanted.keys()),
        "of another shape": sorted(
            f"{name} {list(given[name].shape)} for {list(wanted[name].shape)}"
            for name in wanted.keys() & given.keys()
            if given[name].shape != wanted[name].shape
        ),
    }
    if any(faults.values()):
        told = "; ".join(f"{len(names)} {what} ({_some(names)})" for what, names in faults.items() if names)
        raise ValueError(f"the weights are not those of this architecture: {told}")
    module.load_state_dict(given, strict=False)


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path, device="cpu")
    return torch.load(path, map_location="cpu", weights_only=True)


def _unwrapped(content: Any) -> Weights:
    """Without what a training script put around them, and without `DataParallel`'s prefix."""
    for key in _INSIDE:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict):
        return {}
    prefix = "module." if all(str(name).startswith("module.") for name in content) else ""
    return {str(name).removeprefix(prefix): value for name, value in content.items()}


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
