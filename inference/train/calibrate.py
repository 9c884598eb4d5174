"""Make scores mean what they say, on photos kept aside from training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor
from torch.nn import functional

from inference.measure.metrics import Seen, accuracy, expected_calibration_error

_NEAREST_SHARE = 10


class Calibration(BaseModel):
    """What the exported graph and its readers need beyond the weights.

    `scale` turns cosines to prototypes into logits (softmax follows);
    a neighbour at cosine c shares the photo's category with probability
    1 / (1 + exp(-(similarity_slope * c + similarity_intercept))).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: tuple[str, ...]
    scale: float
    similarity_slope: float
    similarity_intercept: float
    aside_photos: int
    aside_accuracy: float
    aside_ece: float

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """Read what `write` wrote."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))

    def write(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def calibrate(aside: Seen, categories: tuple[str, ...], scale: float) -> Calibration:
    """Fit temperature (from `scale`, the training's) and pair confidence on kept-aside photos."""
    cosines, labels = torch.from_numpy(aside.scores), torch.from_numpy(aside.labels)
    fitted = _fit_scale(cosines, labels, scale)
    slope, intercept = _fit_similarity(torch.from_numpy(aside.embeddings), labels)
    probabilities = (fitted * cosines).softmax(dim=1).numpy()
    return Calibration(
        categories=categories,
        scale=fitted,
        similarity_slope=slope,
        similarity_intercept=intercept,
        aside_photos=len(aside.labels),
        aside_accuracy=accuracy(probabilities, aside.labels),
        aside_ece=expected_calibration_error(probabilities, aside.labels),
    )


def _fit_scale(cosines: Tensor, labels: Tensor, start: float) -> float:
    """Temperature scaling (Guo et al., ICML 2017): the scale of least negative log-likelihood."""
    log_scale = torch.tensor(float(np.log(start)), requires_grad=True)
    _minimise(log_scale, lambda: functional.cross_entropy(log_scale.exp() * cosines, labels))
    return log_scale.exp().item()


def _fit_similarity(embeddings: Tensor, labels: Tensor) -> tuple[float, float]:
    """Logistic fit of `same category` on cosine, over each photo's nearest tenth of the others.

    Pairs that no search would return would decide the fit by their number, and
    make it overconfident about those that are returned.
    """
    cosine = (embeddings @ embeddings.T).fill_diagonal_(-1)
    near = cosine.topk(max(1, len(labels) // _NEAREST_SHARE), dim=1)
    same = (labels[near.indices] == labels[:, None]).float()
    line = torch.tensor([10.0, -5.0], requires_grad=True)
    _minimise(line, lambda: functional.binary_cross_entropy_with_logits(line[0] * near.values + line[1], same))
    slope, intercept = line.tolist()
    return slope, intercept


def _minimise(parameter: Tensor, objective: Callable[[], Tensor]) -> None:
    optimiser = torch.optim.LBFGS([parameter], max_iter=200, line_search_fn="strong_wolfe")

    def step() -> Tensor:
        optimiser.zero_grad()
        loss = objective()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return loss

    optimiser.step(step)  # type: ignore[no-untyped-call]  # torch leaves it untyped
