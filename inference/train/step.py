"""One update of the weights, and of their running average."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from inference.train.batches import scaled
from inference.train.config import Config, Optimisation
from inference.train.distil import Lesson, Teachers
from inference.train.loss import Relation, cosine_softmax
from inference.train.mix import Mixed
from inference.train.network import Embedder


class Step:
    """Callable once a batch; `state` and `restore` carry it over an interruption."""

    def __init__(
        self, network: Embedder, relation: Relation | None, teachers: Teachers | None, config: Config, steps: int
    ) -> None:
        self._network, self._relation, self._teachers, self._config = network, relation, teachers, config
        self._device = network.prototypes.device
        if teachers and config.distillation and config.distillation.shared_prototypes:
            _share_prototypes(network, teachers)
        how = config.optimisation
        self._optimiser = _optimiser(network, how)
        peaks = [how.learning_rate, how.head_learning_rate]
        total = steps * config.epochs
        self._schedule = OneCycleLR(
            self._optimiser, peaks, total_steps=total, pct_start=how.warm_up, cycle_momentum=False
        )
        average = get_ema_multi_avg_fn(how.average_decay)
        self._averaged = AveragedModel(network, multi_avg_fn=average, use_buffers=True)

    def __call__(self, mixed: Mixed, rows: Tensor, size: int) -> float:
        """Loss on photos, scaled down to `size`, which are those at `rows` of the training set."""
        mixed = mixed.to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._config.precision == "bfloat16"):
            lesson = self._teachers(mixed.photos, size) if self._teachers else None
            embedding, cosines = self._network(scaled(mixed.photos, size))
        loss = self._loss(embedding, cosines, mixed, rows, lesson)
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        self._schedule.step()
        self._averaged.update_parameters(self._network)
        return loss.item()

    def _loss(self, embedding: Tensor, cosines: Tensor, mixed: Mixed, rows: Tensor, lesson: Lesson | None) -> Tensor:
        loss = cosine_softmax(cosines, mixed.categories, self._config.loss)
        how = self._config.distillation
        if lesson and how and self._teachers:
            category, likeness = self._teachers.loss(embedding, cosines, lesson)
            loss = (1 - how.category_weight) * loss + how.category_weight * category
            loss = loss + how.embedding_weight * likeness
        if self._relation and mixed.whole.any():
            ranking = self._relation(embedding[mixed.whole], rows.to(self._device)[mixed.whole])
            loss = loss + self._config.loss.relation_weight * ranking
        return loss

    @property
    def averaged(self) -> Embedder:
        """The averaged network, ready to be measured."""
        network = self._averaged.module.eval()
        assert isinstance(network, Embedder)  # noqa: S101 (for the type checker: it is a copy of ours)
        return network

    def state(self) -> dict[str, Any]:
        """All that a step changes."""
        return {
            "network": self._network.state_dict(),
            "averaged": self._averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "relation": self._relation.memory if self._relation else torch.empty(0),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._network.load_state_dict(state["network"])
        self._averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        if self._relation:
            self._relation.memory.copy_(state["relation"])


def _share_prototypes(network: Embedder, teachers: Teachers) -> None:
    """One embedding space: a category lies where the teacher has it."""
    network.prototypes.data.copy_(teachers.prototypes)
    network.prototypes.requires_grad_(False)


def _optimiser(network: Embedder, how: Optimisation) -> torch.optim.Optimizer:
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    backbone = [p for name, p in trained if name.startswith("backbone.")]
    head = [p for name, p in trained if not name.startswith("backbone.")]
    return torch.optim.AdamW([{"params": backbone}, {"params": head}], weight_decay=how.weight_decay, fused=True)
