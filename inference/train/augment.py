"""Turn catalogue photos into what a shopper might take: seeded, on whole batches."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from inference.train.config import Augmentation

_WHITE = 255.0
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_PATCH = 4  # a background's patch is this part of the side
_BAR = 8  # and begins after a letterboxed 3:4 photo's white bar, which is this part
_MIDDLE = (0.75, 0.98)  # half the extent of what is kept of a photo, 1 being all of it
_SQUARENESS = 4  # exponent of the superellipse around it
_SOFTNESS = 0.03  # of its edge, in half sides


def augment(photos: Tensor, how: Augmentation, random: torch.Generator) -> Tensor:
    """float32 [n, 3, s, s] in 0..255, changed in background, place, light and sharpness; same shape."""
    photos = _before_another(photos, how.background_probability, random)
    photos = _light(_place(photos, how, random), how, random)
    photos = _where(_chance(photos, how.blur_probability, random), _blurred(photos), photos)
    return _erased(photos, how.erase_probability, random).clamp_(0, 255)


def _uniform(count: int, low: float, high: float, random: torch.Generator) -> Tensor:
    return torch.rand(count, generator=random) * (high - low) + low


def _chance(photos: Tensor, probability: float, random: torch.Generator) -> Tensor:
    return torch.rand(len(photos), generator=random) < probability


def _where(chosen: Tensor, changed: Tensor, photos: Tensor) -> Tensor:
    return torch.where(chosen[:, None, None, None], changed, photos)


def _before_another(photos: Tensor, probability: float, random: torch.Generator) -> Tensor:
    """Lay the middle of a photo on a patch of another, stretched over the whole: a floor, a wall, a bed.

    Garments fill the middle, so a soft oblong around it cuts them out well enough.
    """
    if not probability:
        return photos
    n, _, size, _ = photos.shape
    patch = slice(size // _BAR, size // _BAR + size // _PATCH)
    patches = photos.roll(1, dims=0)[:, :, patch, patch]
    elsewhere = functional.interpolate(patches, (size, size), mode="bilinear")
    place = (torch.arange(size) + 0.5) / size * 2 - 1
    half = [_uniform(n, *_MIDDLE, random)[:, None] for _ in range(2)]
    down, across = ((place.abs() / h).pow(_SQUARENESS) for h in half)
    distance = (down[:, :, None] + across[:, None, :]).pow(1 / _SQUARENESS)
    kept = torch.sigmoid((1 - distance) / _SOFTNESS)
    kept = torch.where(_chance(photos, probability, random)[:, None, None], kept, 1.0)[:, None]
    return elsewhere + (photos - elsewhere) * kept


def _place(photos: Tensor, how: Augmentation, random: torch.Generator) -> Tensor:
    """Flip, rotate, zoom, stretch and shift in one resampling, white outside."""
    n = len(photos)
    angle = torch.deg2rad(_uniform(n, -how.rotation_degrees, how.rotation_degrees, random))
    zoom = torch.exp(_uniform(n, math.log(how.zoom[0]), math.log(how.zoom[1]), random))
    stretch = torch.exp(_uniform(n, -how.aspect, how.aspect, random))
    flip = torch.randint(2, (n,), generator=random) * 2.0 - 1
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    shift = [_uniform(n, -how.shift, how.shift, random) * 2 for _ in range(2)]
    across = torch.stack([flip * cos * stretch, -sin / stretch, shift[0]], dim=1)
    down = torch.stack([flip * sin * stretch, cos / stretch, shift[1]], dim=1)
    grid = functional.affine_grid(torch.stack([across, down], dim=1), list(photos.shape), False)
    return functional.grid_sample(photos - _WHITE, grid, "bilinear", "zeros", False) + _WHITE


def _light(photos: Tensor, how: Augmentation, random: torch.Generator) -> Tensor:
    """Exposure, contrast, saturation and white balance; hue itself is kept."""
    n = len(photos)

    def gain(amount: float, channels: int = 1) -> Tensor:
        factor = 1 + _uniform(n * channels, -amount, amount, random)
        return factor.view(n, channels, 1, 1)

    photos = photos * gain(how.brightness) * gain(how.white_balance, 3)
    middle = photos.mean(dim=(1, 2, 3), keepdim=True)
    photos = middle + (photos - middle) * gain(how.contrast)
    grey = (photos * torch.tensor(_LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    return grey + (photos - grey) * gain(how.saturation)


def _blurred(photos: Tensor) -> Tensor:
    return functional.avg_pool2d(functional.pad(photos, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


def _erased(photos: Tensor, probability: float, random: torch.Generator) -> Tensor:
    """Cover a square of a tenth to a third of the side with the photo's mean colour."""
    n, _, size, _ = photos.shape
    side = _uniform(n, 0.1, 0.33, random)
    left, top = (torch.rand(n, generator=random) * (1 - side) for _ in range(2))
    place = (torch.arange(size) + 0.5) / size
    columns = (place >= left[:, None]) & (place < (left + side)[:, None])
    rows = (place >= top[:, None]) & (place < (top + side)[:, None])
    covered = rows[:, None, :, None] & columns[:, None, None, :]
    covered &= _chance(photos, probability, random)[:, None, None, None]
    return torch.where(covered, photos.mean(dim=(2, 3), keepdim=True), photos)
