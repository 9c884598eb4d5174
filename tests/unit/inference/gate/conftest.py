import io
from pathlib import Path

import numpy as np
import pytest
from gate_models import COLOURS, SIDE, colour_model, write
from PIL import Image


@pytest.fixture(scope="session")
def colour_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve photos of each colour, a few of them looking like another."""
    folder = tmp_path_factory.mktemp("colours")
    random = np.random.default_rng(11)
    for channel, colour in zip((2, 1, 0), COLOURS, strict=True):
        (folder / colour).mkdir()
        for number in range(12):
            shade = random.integers(30, 90, 3)
            shade[channel] += random.integers(-10, 140)
            buffer = io.BytesIO()
            Image.new("RGB", (SIDE, SIDE), tuple(int(value) for value in shade)).save(buffer, "PNG")
            (folder / colour / f"{number}.png").write_bytes(buffer.getvalue())
    return folder


@pytest.fixture(scope="session")
def current(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The colour model, as it is served."""
    return write(colour_model(), tmp_path_factory.mktemp("current") / "model.onnx")
