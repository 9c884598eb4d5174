"""What shoppers' photos are made from is seeded, and keeps what lies in the middle."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")

from inference.train.augment import augment  # noqa: E402 (needs torch)
from inference.train.config import Augmentation  # noqa: E402 (with the others)

STILL = Augmentation(
    zoom=(1, 1),
    aspect=1e-6,
    shift=0,
    rotation_degrees=0,
    brightness=0,
    contrast=0,
    saturation=0,
    white_balance=0,
    blur_probability=0,
    erase_probability=0,
)


def photos() -> torch.Tensor:
    """A red, a green and a blue one."""
    return 200.0 * torch.eye(3)[:, :, None, None].expand(3, 3, 64, 64).contiguous()


def seeded(how: Augmentation, seed: int) -> torch.Tensor:
    return augment(photos(), how, torch.Generator().manual_seed(seed))


def test_left_alone_a_photo_of_one_colour_stays_as_it_was() -> None:
    torch.testing.assert_close(seeded(STILL, 1), photos(), atol=0.01, rtol=0)


def test_the_same_seed_gives_the_same_photos_and_another_gives_others() -> None:
    how = STILL.model_copy(update={"rotation_degrees": 20, "brightness": 0.3, "background_probability": 0.5})
    torch.testing.assert_close(seeded(how, 1), seeded(how, 1), atol=0, rtol=0)
    assert (seeded(how, 1) - seeded(how, 2)).abs().max() > 1


def test_a_changed_background_comes_from_another_photo_and_leaves_the_middle() -> None:
    changed = seeded(STILL.model_copy(update={"background_probability": 1.0}), 1)
    torch.testing.assert_close(changed[..., 20:44, 20:44], photos()[..., 20:44, 20:44], atol=0.5, rtol=0)
    corners = changed[:, :, 0, 0]
    torch.testing.assert_close(corners, photos().roll(1, dims=0)[:, :, 0, 0], atol=2, rtol=0)
