"""The training loop: stages of growing photos, one checkpoint an epoch."""

# ruff: noqa: SLF001 (the backbone package names its layers privately)
from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from inference.train.augment import augment
from inference.train.config import Config, Optimisation
from inference.train.dataset import LabelledPhotos
from inference.train.loss import Relation, cosine_softmax
from inference.train.network import Embedder

log = logging.getLogger(__name__)


def fit(
    network: Embedder,
    photos: LabelledPhotos,
    likeness: Tensor,
    config: Config,
    *,
    checkpoint: Path,
    report: Callable[[Embedder], str],
) -> None:
    """Train on `photos`; each epoch the averaged network goes into `checkpoint` and to `report`.

    `likeness` [n, n] says how alike two photos of a category look (see `loss.likeness`).
    """
    labels = torch.from_numpy(photos.labels)
    steps = len(photos) // config.optimisation.batch
    step = _Step(network, Relation(likeness, labels, config.dimensions, config.loss), labels, config, steps)
    random = torch.Generator().manual_seed(config.seed)
    for epoch, (size, pixels) in enumerate(_stages(photos, config), start=1):
        started, total = time.monotonic(), 0.0
        _train_mode(network)
        for rows in _batches(labels, config.optimisation, steps, random):
            total += step(augment(pixels[rows].float(), config.augmentation, random), rows)
        averaged = step.averaged
        torch.save(averaged.state_dict(), checkpoint)
        took = time.monotonic() - started
        place = f"epoch {epoch}/{config.epochs} at {size} px"
        log.info("%s: loss %.3f, %.0f s; aside %s", place, total / steps, took, report(averaged))


class _Step:
    """One update of the weights and of their running average."""

    def __init__(self, network: Embedder, relation: Relation, labels: Tensor, config: Config, steps: int) -> None:
        self._network, self._relation, self._labels, self._how = network, relation, labels, config.loss
        self._optimiser = _optimiser(network, config.optimisation)
        peaks = [config.optimisation.learning_rate, config.optimisation.head_learning_rate]
        total, warm_up = steps * config.epochs, config.optimisation.warm_up
        self._schedule = OneCycleLR(self._optimiser, peaks, total_steps=total, pct_start=warm_up, cycle_momentum=False)
        average = get_ema_multi_avg_fn(config.optimisation.average_decay)  # type: ignore[no-untyped-call]  # torch's
        self._averaged = AveragedModel(network, multi_avg_fn=average, use_buffers=True)

    def __call__(self, photos: Tensor, rows: Tensor) -> float:
        """Loss on `photos` [n, 3, s, s], which are those at `rows` of the training set."""
        embedding, cosines = self._network(photos.contiguous(memory_format=torch.channels_last))
        loss = cosine_softmax(cosines, self._labels[rows], self._how)
        loss = loss + self._how.relation_weight * self._relation(embedding, rows)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._optimiser.step()
        self._schedule.step()
        self._averaged.update_parameters(self._network)
        return loss.item()

    @property
    def averaged(self) -> Embedder:
        """The averaged network, ready to be measured."""
        network = self._averaged.module.eval()
        assert isinstance(network, Embedder)  # noqa: S101 (for the type checker: it is a copy of ours)
        return network


def _train_mode(network: Embedder) -> None:
    network.train()
    for block in network.backbone._blocks[: network.frozen_blocks]:
        block.eval()


def _stages(photos: LabelledPhotos, config: Config) -> Iterator[tuple[int, Tensor]]:
    """(size, uint8 [n, 3, size, size]) once an epoch."""
    whole = torch.from_numpy(photos.pixels).permute(0, 3, 1, 2)
    for stage in config.stages:
        pixels = whole if stage.size == whole.shape[-1] else _resized(whole, stage.size)
        for _ in range(stage.epochs):
            yield stage.size, pixels


def _resized(pixels: Tensor, size: int) -> Tensor:
    small = [
        functional.interpolate(part.float(), (size, size), mode="bilinear", antialias=True)
        for part in torch.split(pixels, 128)
    ]
    return torch.cat([part.round().to(torch.uint8) for part in small])


def _batches(labels: Tensor, how: Optimisation, steps: int, random: torch.Generator) -> Iterator[Tensor]:
    """Rows of one epoch, drawn with replacement, rarer categories more often."""
    weights = torch.bincount(labels)[labels].float() ** -how.balance
    drawn = torch.multinomial(weights, steps * how.batch, replacement=True, generator=random)
    yield from torch.split(drawn, how.batch)


def _optimiser(network: Embedder, how: Optimisation) -> torch.optim.Optimizer:
    backbone = [p for p in network.backbone.parameters() if p.requires_grad]
    head = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
    return torch.optim.AdamW([{"params": backbone}, {"params": head}], weight_decay=how.weight_decay)
