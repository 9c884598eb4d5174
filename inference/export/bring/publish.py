"""Trace, write, check, and only then put in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from torch import Tensor, nn

from inference.export.trace import save, trace

_LARGEST = 2**31 - 2**24  # bytes: protobuf's 2 GiB, less what the graph beside the weights may take
_FLOAT = 4
Checked = TypeVar("Checked")


@dataclass(frozen=True)
class Graph:
    """A tower, what it is traced with (a batch of two), the names of what it takes and gives, and its metadata."""

    tower: nn.Module
    example: Tensor
    takes: str
    gives: tuple[str, ...]
    said: Mapping[str, str]


def publish(graph: Graph, file: Path, check: Callable[[Path], Checked]) -> Checked:
    """Write `file` if `check` does not raise for what was written; gives what it gives.

    Raises `ValueError` for a tower too large for one file, `RuntimeError` for one that torch cannot export.
    """
    _check_size(graph.tower)
    try:
        model = trace(graph.tower, graph.example, graph.takes, graph.gives)
    except Exception as error:  # torch's exporter raises what it likes
        said = str(error).strip().partition("\n")[0]
        raise RuntimeError(f"torch cannot export this architecture: {said}") from error
    partial = file.with_name(f"{file.name}.partial")
    try:
        save(model, graph.said, partial)
        checked = check(partial)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return checked


def _check_size(tower: nn.Module) -> None:
    size = _FLOAT * sum(each.numel() for each in (*tower.parameters(), *tower.buffers()))
    if size > _LARGEST:
        raise ValueError(f"{size / 2**30:.1f} GiB of weights are more than one ONNX graph can hold, which is 2")
