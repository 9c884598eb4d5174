"""A model of timm without its classifier."""

from __future__ import annotations

from pathlib import Path

import timm

from inference.export.bring.library import check_known
from inference.export.bring.source import Pixels, Source
from inference.export.bring.weights import put, read_weights


def load(architecture: str, weights: Path) -> Source:
    """Pooled features; a tag (`resnet50.a1_in1k`) says whose pixels, else they are those of the default tag.

    Raises `ValueError` for an architecture that is unknown or takes no squares, and for weights that do not fit.
    """
    check_known(architecture, {*timm.list_models(), *timm.list_pretrained()}, "timm")
    learned = read_weights(weights)
    network = timm.create_model(architecture, pretrained=False, num_classes=0, exportable=True)
    put(learned, network, unused=_classifier(network.pretrained_cfg.get("classifier")))
    taken = timm.data.resolve_model_data_config(network)
    _, height, width = taken["input_size"]
    if height != width:
        raise ValueError(f"{architecture} takes photos of {width} x {height} pixels, not squares")
    return Source(network.eval(), width, Pixels(tuple(taken["mean"]), tuple(taken["std"])))


def _classifier(names: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(f"{name}." for name in ([names] if isinstance(names, str) else names or ()))
