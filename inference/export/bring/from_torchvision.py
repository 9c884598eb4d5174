"""A classifier of torchvision, up to its last matrix."""

from __future__ import annotations

from pathlib import Path

import torchvision
from torch import nn

from inference.export.bring.library import check_known
from inference.export.bring.source import Pixels, Source
from inference.export.bring.weights import put, read_weights

# Their published weights expect `transform_input`, weights of others may not: one file cannot be told from the other.
_PIXELS_OF_THEIR_OWN = frozenset({"googlenet", "inception_v3"})


def load(architecture: str, weights: Path) -> Source:
    """What goes into the last `Linear`, with pixels as the published weights were trained on.

    Raises `ValueError` for an architecture that is unknown or has none, and for weights that do not fit.
    """
    check_known(architecture, torchvision.models.list_models(module=torchvision.models), "torchvision")
    if architecture in _PIXELS_OF_THEIR_OWN:
        raise ValueError(f"{architecture} takes pixels in ways of its own, which are not known from its weights")
    network = torchvision.models.get_model(architecture, weights=None)
    classifier = _cut(network, architecture)
    put(read_weights(weights), network, unused=(f"{classifier}.",))
    taken = torchvision.models.get_model_weights(architecture).DEFAULT.transforms()
    return Source(network.eval(), taken.crop_size[0], Pixels(tuple(taken.mean), tuple(taken.std)))


def _cut(network: nn.Module, architecture: str) -> str:
    """Let the last `Linear` pass on what comes in; gives its name."""
    linear = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ValueError(f"{architecture} does not end in a matrix, so it has no features of its own")
    network.set_submodule(linear[-1], nn.Identity())
    return linear[-1]
