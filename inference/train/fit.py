"""The training loop: stages of growing photos; an interrupted run goes on from its last whole epoch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import torch
from torch import Tensor

from inference.train.augment import augment
from inference.train.batches import draw, resized
from inference.train.config import Config
from inference.train.dataset import LabelledPhotos
from inference.train.distil import Teachers
from inference.train.loss import Relation
from inference.train.mix import mix
from inference.train.network import Embedder
from inference.train.run import Epoch, Run
from inference.train.step import Step

log = logging.getLogger(__name__)


def fit(
    network: Embedder,
    photos: LabelledPhotos,
    likeness: Tensor | None,
    config: Config,
    *,
    run: Run,
    report: Callable[[Embedder], Epoch],
    teachers: Teachers | None = None,
    resume: bool = False,
) -> None:
    """Train on `photos`; each epoch's averaged network goes to `report` and, with all that `resume` needs, into `run`.

    `likeness` [n, n] says how alike two photos of a category look (see
    `loss.likeness`); without it nothing is asked of the ranking inside a category.
    Resumed on the same machine and one thread, a run ends as it would have uninterrupted; several add up in an order
    of their own.
    """
    loop = _Loop(network, photos, likeness, config, teachers)
    history = loop.restore(run.resumed()) if resume else []
    for size in config.sizes[len(history) :]:
        started = time.monotonic()
        loss = loop.epoch(size)
        took = time.monotonic() - started
        averaged = loop.step.averaged
        history.append({"size": size, "loss": loss, "seconds": round(took, 1), **report(averaged)})
        run.save(averaged, loop.state(), history)
        log.info("epoch %d/%d: %s", len(history), config.epochs, history[-1])


class _Loop:
    """What lasts from epoch to epoch."""

    def __init__(
        self,
        network: Embedder,
        photos: LabelledPhotos,
        likeness: Tensor | None,
        config: Config,
        teachers: Teachers | None,
    ) -> None:
        self._network, self._config = network, config
        self._labels, self._categories = torch.from_numpy(photos.labels), len(photos.categories)
        self._whole = self._pixels = torch.from_numpy(photos.pixels).permute(0, 3, 1, 2)
        self._steps = len(photos) // config.optimisation.batch
        self._random = torch.Generator().manual_seed(config.seed)
        self._view = config.distillation.size if config.distillation else None
        relation = None
        if likeness is not None:
            device = network.prototypes.device
            relation = Relation(likeness.to(device), self._labels.to(device), config.network.dimensions, config.loss)
        self.step = Step(network, relation, teachers, config, self._steps)

    def epoch(self, size: int) -> float:
        """Mean loss of an epoch with photos at `size`."""
        view = max(self._view or size, size)
        if self._pixels.shape[-1] != view:
            self._pixels = resized(self._whole, view)
        self._network.train()
        how, total = self._config.augmentation, 0.0
        for rows in draw(self._labels, self._config.optimisation, self._steps, self._random):
            photos = augment(self._pixels[rows].float(), how, self._random)
            mixed = mix(photos, self._labels[rows], self._categories, how.mix_probability, self._random)
            total += self.step(mixed, rows, size)
        return total / self._steps

    def state(self) -> dict[str, object]:
        """All that decides the epochs to come; dropout draws from torch's own generators."""
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return {**self.step.state(), "random": self._random.get_state(), "torch": torch.get_rng_state(), "cuda": cuda}

    def restore(self, state: dict | None) -> list[Epoch]:
        """The epochs already done."""
        if state is None:
            return []
        self.step.restore(state)
        self._random.set_state(state["random"])
        torch.set_rng_state(state["torch"])
        if state["cuda"]:
            torch.cuda.set_rng_state_all(state["cuda"])
        return list(state["history"])
