"""Learn from finished runs: their embedding and their idea of the categories.

Teacher and student are shown the very same view (function matching; Beyer et al.,
"Knowledge distillation: a good teacher is patient and consistent", CVPR 2022).
Targets cached on a few fixed views would be cheaper to read, but a teacher's
forward pass, with its BatchNorms folded, is a fifth to a third of a student's
step, and fixed views cost the variety that a small set of photos lives on.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference.train.batches import scaled
from inference.train.config import Distillation
from inference.train.network import fold_batch_norms
from inference.train.run import Run


@dataclass(frozen=True)
class Lesson:
    """`embedding` unit [n, d] of the first teacher, `category` mean probabilities [n, c]."""

    embedding: Tensor
    category: Tensor


class Teachers:
    """One or several finished runs, that know the same categories."""

    def __init__(self, how: Distillation, categories: tuple[str, ...], device: torch.device) -> None:
        self._how = how
        runs = [Run(folder) for folder in how.teachers]
        for run in runs:
            if run.categories != categories:
                raise ValueError(f"{run.folder} knows {run.categories}, not {categories}")
        networks = [run.network() for run in runs]
        self.prototypes = networks[0].prototypes.detach().clone()
        folded = [fold_batch_norms(network).requires_grad_(False) for network in networks]
        self._networks = nn.ModuleList(folded).to(device, memory_format=torch.channels_last)
        self._scales = [run.calibration.scale for run in runs]

    @torch.no_grad()
    def __call__(self, photos: Tensor, size: int) -> Lesson:
        """On the student's photos, float [n, 3, s, s] in 0..255, at `size` or the configured one."""
        view = scaled(photos, self._how.size or size)
        answers = [network(view) for network in self._networks]
        temperature = self._how.temperature
        categories = [
            functional.softmax(scale * cosines / temperature, dim=1)
            for (_, cosines), scale in zip(answers, self._scales, strict=True)
        ]
        return Lesson(answers[0][0], torch.stack(categories).mean(dim=0))

    def loss(self, embedding: Tensor, cosines: Tensor, lesson: Lesson) -> tuple[Tensor, Tensor]:
        """(categories, embedding): cross-entropy to the soft targets, and 1 - cosine to the teacher's embedding.

        Both sides of the first are as soft and as sharp as the first teacher was
        calibrated, so that in one embedding space the copy of a teacher is the optimum.
        """
        temperature = self._how.temperature
        found = functional.log_softmax(self._scales[0] * cosines / temperature, dim=1)
        category = -(lesson.category * found).sum(dim=1).mean() * temperature**2
        return category, 1 - (embedding * lesson.embedding).sum(dim=1).mean()
