"""What is brought in tests: photos that a random network can tell apart, and small models with made-up weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image

SIDE = 64
CATEGORIES = ("dress", "hat", "t-shirt")
CONTEXT = 16
_CONFIG = {
    "embed_dim": 320,
    "vision_cfg": {"image_size": SIDE, "layers": 1, "width": 384, "patch_size": 32},
    "text_cfg": {"context_length": CONTEXT, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
}


def write_photos(folder: Path, categories: tuple[str, ...] = CATEGORIES, each: int = 115) -> Path:
    """Coloured patches, each category with its own cast."""
    random = np.random.default_rng(4)
    for number, category in enumerate(categories):
        (folder / category).mkdir(parents=True)
        for photo in range(each):
            cells = random.integers(0, 140, (16, 16, 3))
            cells[..., number % 3] += 110
            pixels = cells.astype(np.uint8).repeat(SIDE // 16, axis=0).repeat(SIDE // 16, axis=1)
            Image.fromarray(pixels).save(folder / category / f"{photo}.png")
    return folder


def know_small_clip(folder: Path, **changed: object) -> str:
    """Tell open_clip of an architecture of a few layers; gives its name."""
    config = json.dumps({**_CONFIG, **changed})
    name = f"small-clip-{hashlib.sha256(config.encode()).hexdigest()[:8]}"
    (folder / f"{name}.json").write_text(config, encoding="utf-8")
    open_clip.add_model_config(folder / f"{name}.json")
    return name


def small_clip(architecture: str) -> torch.nn.Module:
    """Weights by chance, the same each time."""
    torch.manual_seed(3)
    return open_clip.create_model(architecture, load_weights=False, pretrained_text=False).eval()
