"""A run's configuration is checked before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from inference.train.config import Config, read_config

CONFIGS = Path(__file__).parents[4] / "inference" / "train"
FAMILY = ("teacher", "embedder", "embedder-lite")


def test_a_family_keeps_the_same_photos_aside_and_shares_one_space() -> None:
    """Else a student would be measured on what its teacher was trained on."""
    configs = [read_config(CONFIGS / f"{name}.toml") for name in FAMILY]
    assert len({(c.split_seed, c.kept_aside, c.photo_size, c.network.dimensions) for c in configs}) == 1
    for config in configs[1:]:
        assert config.distillation is not None
        assert config.distillation.shared_prototypes


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"precision": "float8"}, "precision"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"photo_size": 160}, "beyond photo_size 160"),
        ({"stages": []}, "stages"),
    ],
    ids=["precision", "unknown key", "scaled up", "no stage"],
)
def test_what_is_wrong_is_named(change: dict[str, object], named: str) -> None:
    whole = read_config(CONFIGS / "teacher.toml").model_dump()
    with pytest.raises(ValidationError, match=named):
        Config.model_validate({**whole, **change})
