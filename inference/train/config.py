"""What a training run is made of: one TOML file, checked before any work."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A closed, immutable table: an unknown key is an error, not a typo kept quiet."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(Section):
    """Some epochs at one photo size (pixels a side, a multiple of 32)."""

    size: Annotated[int, Field(ge=64, multiple_of=32)]
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


class Loss(Section):
    """Cosine softmax (CosFace) plus the look-alike relation inside a category."""

    scale: Positive
    margin: Fraction
    label_smoothing: Fraction
    relation_weight: Annotated[float, Field(ge=0)]
    relation_colour: Fraction
    relation_temperature: Positive
    cosine_temperature: Positive


class Optimisation(Section):
    """AdamW under a one-cycle schedule, with averaged weights."""

    batch: Count
    learning_rate: Positive
    head_learning_rate: Positive
    weight_decay: Annotated[float, Field(ge=0)]
    warm_up: Fraction
    average_decay: Fraction
    balance: Fraction


class Config(Section):
    """One reproducible run."""

    seed: int
    threads: Count
    input_size: Count
    dimensions: Count
    frozen_blocks: Annotated[int, Field(ge=0, le=16)]
    dropout: Fraction
    kept_aside: Annotated[float, Field(gt=0, lt=0.5)]
    stages: tuple[Stage, ...]
    augmentation: Augmentation
    loss: Loss
    optimisation: Optimisation

    @property
    def epochs(self) -> int:
        """Epochs over all stages."""
        return sum(stage.epochs for stage in self.stages)


def read_config(path: Path) -> Config:
    """Read a TOML file; raises `pydantic.ValidationError` naming each wrong key."""
    return Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
