import numpy as np
import numpy.typing as npt
from PIL import Image

WHITE = 255


def fit(width: float, height: float, side: int) -> tuple[int, int]:
    """Width and height, in whole pixels from 1 to `side`, of that shape made as large as a square allows."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def letterbox(image: Image.Image, side: int) -> npt.NDArray[np.uint8]:
    """An RGB picture no larger than `side` centred on a white square: uint8 [side, side, 3], C-contiguous."""
    square = np.full((side, side, 3), WHITE, dtype=np.uint8)
    top, left = (side - image.height) // 2, (side - image.width) // 2
    square[top : top + image.height, left : left + image.width] = np.asarray(image)
    return square
