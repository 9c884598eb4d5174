"""What a training run is made of: one TOML file, checked before any work."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=64, multiple_of=32)]


class Section(BaseModel):
    """A closed, immutable table: an unknown key is an error, not a typo kept quiet."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Architecture(Section):
    """The network: which EfficientNet-Lite, how wide an embedding, how much of it is left as it came.

    Larger photos than `side` are scaled down to it inside: prepared for that side they would be sharper than what
    training has scaled down and turned.
    """

    backbone: Literal["lite0", "lite2"]
    dimensions: Count
    frozen_blocks: Annotated[int, Field(ge=0)]
    dropout: Fraction
    side: Side | None = None


class Stage(Section):
    """Some epochs at one photo size (pixels a side, a multiple of 32)."""

    size: Side
    epochs: Count


class Augmentation(Section):
    """How far a shopper's photo may stray from the catalogue's."""

    zoom: tuple[Positive, Positive]
    aspect: Positive
    shift: Fraction
    rotation_degrees: Annotated[float, Field(ge=0, le=180)]
    brightness: Fraction
    contrast: Fraction
    saturation: Fraction
    white_balance: Fraction
    blur_probability: Fraction
    erase_probability: Fraction
    background_probability: Fraction = 0.0
    mix_probability: Fraction = 0.0


class Loss(Section):
    """Cosine softmax (CosFace) plus the look-alike relation inside a category."""

    scale: Positive
    margin: Fraction
    label_smoothing: Fraction
    relation_weight: Weight
    relation_colour: Fraction
    relation_temperature: Positive
    cosine_temperature: Positive


class Colour(Section):
    """The part of a served vector that says colours alone (see `fused`): its weight in a cosine, and how long it is.

    A tenth cost 0.3 points of mAP on photos kept aside and brought neighbours of the query's colours: 0.80 where 0.69
    were without, on the scale of `inference.measure.colour`; two tenths cost 0.8 and brought 0.82.
    """

    share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    dimensions: Count = 32


class Distillation(Section):
    """What is learned from finished runs, shown the very view that the student sees.

    The mean of the teachers' category probabilities is one target; the first
    teacher's embedding is the other. `size` is the view's side for teachers,
    where it shall not be the student's. With `one_catalogue` the student's vectors are
    put together as the first teacher's are, so that one index serves both.
    """

    teachers: Annotated[tuple[Path, ...], Field(min_length=1)]
    category_weight: Fraction
    embedding_weight: Weight
    temperature: Positive
    shared_prototypes: bool
    one_catalogue: bool = False
    size: Side | None = None


class Optimisation(Section):
    """AdamW under a one-cycle schedule, with averaged weights."""

    batch: Annotated[int, Field(ge=2)]
    learning_rate: Positive
    head_learning_rate: Positive
    weight_decay: Weight
    warm_up: Fraction
    average_decay: Fraction
    balance: Fraction


class Config(Section):
    """One reproducible run.

    `photo_size` is the side at which photos are decoded, near-duplicates judged
    and from which stages are scaled down; `input_size` the served model's side.
    Runs of one family share `split_seed`: what one keeps aside, its teacher never saw.
    """

    seed: int
    split_seed: int
    kept_aside: Annotated[float, Field(gt=0, lt=0.5)]
    threads: Count
    precision: Literal["float32", "bfloat16"]
    photo_size: Side
    input_size: Side
    start_from: Path | None = None
    network: Architecture
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    augmentation: Augmentation
    loss: Loss
    optimisation: Optimisation
    colour: Colour = Colour()
    distillation: Distillation | None = None

    @property
    def epochs(self) -> int:
        """Epochs over all stages."""
        return sum(stage.epochs for stage in self.stages)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Side of the photos in each epoch."""
        return tuple(stage.size for stage in self.stages for _ in range(stage.epochs))

    @model_validator(mode="after")
    def _nothing_is_scaled_up(self) -> Config:
        views = [stage.size for stage in self.stages]
        if self.distillation and self.distillation.size:
            views.append(self.distillation.size)
        if max(views) > self.photo_size:
            raise ValueError(f"a size of {max(views)} is beyond photo_size {self.photo_size}")
        return self


def read_config(path: Path) -> Config:
    """Read a TOML file; raises `pydantic.ValidationError` naming each wrong key."""
    return Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
