"""Which layers INT8 hurts, and leaving out as few of them as it takes."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from inference.compile.agree import Agreement, Floats, agree
from inference.compile.quantise import Quantiser


@dataclass(frozen=True, slots=True)
class Loss:
    """What one layer costs: 1 - mean cosine to FP32 where only it is INT8."""

    node: str
    tensor: str
    alone: float


@dataclass(frozen=True, slots=True)
class Step:
    """Agreement with FP32 where all layers are INT8 but `excluded` and those of the steps before."""

    excluded: Loss | None
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Search:
    """What was measured: each layer alone, worst first; then each exclusion. `reached`: whether it was enough."""

    losses: list[Loss]
    steps: list[Step] = field(default_factory=list)
    target: float = 0.0

    @property
    def excluded(self) -> list[Loss]:
        """Layers that stay FP32."""
        return [step.excluded for step in self.steps if step.excluded]

    @property
    def kept_in_int8(self) -> list[str]:
        """Nodes of all other layers."""
        return [loss.node for loss in self.losses if loss not in self.excluded]

    @property
    def reached(self) -> bool:
        """Whether the last step's mean cosine is at least the target."""
        return self.steps[-1].agreement.mean >= self.target


def search(
    quantiser: Quantiser,
    pixels: npt.NDArray[np.uint8],
    reference: Floats,
    *,
    target: float,
    most: int,
    tell: Callable[[str], None] = lambda _: None,
) -> Search:
    """Leave out the layer that costs most, then the next, until the mean cosine is `target` or `most` are out.

    Measured on photos (uint8 [n, size, size, 3]) that the quantiser was not calibrated on; `reference` is what FP32
    makes of them. `tell` hears of each step.
    """
    found = Search(_losses(quantiser, pixels, reference), target=target)
    candidates = [None, *found.losses[:most]]
    for candidate in candidates:
        out = {loss.node for loss in [*found.excluded, candidate] if loss}
        model = quantiser.quantise([name for name in quantiser.layers if name not in out])
        found.steps.append(Step(candidate, agree(model, pixels, reference)))
        tell(f"{len(out)} layers in FP32: mean cosine {found.steps[-1].agreement.mean:.5f}")
        if found.reached:
            break
    return found


def _losses(quantiser: Quantiser, pixels: npt.NDArray[np.uint8], reference: Floats) -> list[Loss]:
    losses = [
        Loss(node, tensor, 1 - agree(quantiser.quantise([node]), pixels, reference).mean)
        for node, tensor in quantiser.layers.items()
    ]
    return sorted(losses, key=lambda loss: -loss.alone)
