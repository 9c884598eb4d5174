"""Preparing 12 MP photos, as ratios of one run: `python -m tests.bench.bench_prepare [--rounds N] [--photo FILE]`.

Against Pillow's full decode and resize, which the result must resemble closely, and against libjpeg-turbo's scaled
decode alone (simplejpeg), which does less. The contenders take turns and their processor time is counted, so that a
busy machine troubles all of them alike; the figures are medians. How far scaled decoding can win depends on how many
bits a photo has, for Huffman decoding cannot be scaled: hence two photos, a studio's and a street's.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image, ImageDraw, ImageFilter

from lookalike.imaging.letterbox import fit, letterbox
from lookalike.imaging.prepare import prepare

WIDTH, HEIGHT, SIZE = 4000, 3000, 224
Pixels = npt.NDArray[np.uint8]


def clouds(rng: np.random.Generator, octaves: range) -> npt.NDArray[np.float32]:
    """Noise [HEIGHT, WIDTH] whose amplitude falls as its frequency rises, as in photos; about -1 to 1."""
    canvas = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    for octave in octaves:
        grid = rng.standard_normal((3 * 2**octave // 4, 2**octave)).astype(np.float32)
        layer = Image.fromarray(grid).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        canvas += np.asarray(layer) * np.float32(1.2 / octave**1.5)
    return canvas


def draw_street(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Detail and edges to every corner."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    bricks = ((columns + (rows // 151 % 2) * 48) // 97 + rows // 151) % 2
    grey = 128 + 60 * clouds(rng, range(2, 11)) + 30 * (bricks - 0.5)
    tint = np.stack([clouds(rng, range(2, 8)) * 25 for _ in range(3)], axis=-1)
    return grey[..., None] + tint


def draw_studio(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A garment of folded, woven cloth on a plain backdrop."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    backdrop = 235 - 20 * ((columns / WIDTH - 0.5) ** 2 + (rows / HEIGHT - 0.5) ** 2)
    weave = 8 * np.sin(columns * 0.45) * np.sin(rows * 0.45)
    cloth = 110 + 35 * clouds(rng, range(2, 9)) + weave
    shape = Image.new("L", (WIDTH, HEIGHT))
    outline = [(1300, 400), (1750, 300), (2250, 300), (2700, 400), (3300, 1100), (2900, 1400), (2650, 1150)]
    outline += [(2700, 2750), (1300, 2750), (1350, 1150), (1100, 1400), (700, 1100)]
    ImageDraw.Draw(shape).polygon(outline, fill=255)
    mask = np.asarray(shape.filter(ImageFilter.GaussianBlur(2)), dtype=np.float32)[..., None] / 255
    return backdrop[..., None] * (1 - mask) + (cloth[..., None] + np.array([40, -20, -30], dtype=np.float32)) * mask


def photograph(scene: Callable[[np.random.Generator], npt.NDArray[np.float32]], grain: float, seed: int = 7) -> bytes:
    """A scene as a camera would store it: a little grain, JPEG at quality 90 with halved chroma."""
    rng = np.random.default_rng(seed)
    canvas = scene(rng) + rng.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32) * grain
    buffer = io.BytesIO()
    Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def full_decode(data: bytes) -> Pixels:
    """The plain way: every pixel decoded, then one bicubic resampling."""
    with Image.open(io.BytesIO(data)) as image:
        resized = image.convert("RGB").resize(fit(*image.size, SIZE), Image.Resampling.BICUBIC)
    return letterbox(resized, SIZE)


def scaled_decode(data: bytes) -> Pixels:
    """libjpeg-turbo's decode alone, at the scale `prepare` uses too."""
    with Image.open(io.BytesIO(data)) as image:
        width, height = fit(*image.size, 2 * SIZE)
    pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB", min_height=height, min_width=width)
    return pixels


def prepared(data: bytes) -> Pixels:
    """What the product does, the perceptual hash included."""
    return prepare(data, SIZE).pixels


def psnr(one: Pixels, other: Pixels) -> float:
    """Peak signal-to-noise ratio in dB."""
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def medians(contenders: dict[str, Callable[[bytes], Pixels]], data: bytes, rounds: int) -> dict[str, float]:
    """Milliseconds of processor time each, taking turns; the first turn warms up and does not count."""
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds + 1):
        for name, run in contenders.items():
            start = time.process_time()
            run(data)
            took[name].append(1e3 * (time.process_time() - start))
    return {name: statistics.median(times[1:]) for name, times in took.items()}


def report(title: str, data: bytes, rounds: int) -> None:
    """Print one photo's ratios."""
    took = medians({"prepare": prepared, "full": full_decode, "scaled": scaled_decode}, data, rounds)
    ours = took["prepare"]
    print(f"{title}: {len(data) / 1e6:.1f} MB to {SIZE} pixels, {rounds} rounds")
    print(f"  prepare                       {ours:7.1f} ms")
    print(f"  Pillow full decode + resize   {took['full']:7.1f} ms   ratio {took['full'] / ours:5.2f}   (goal 9)")
    print(f"  libjpeg-turbo scaled decode   {took['scaled']:7.1f} ms   ratio {took['scaled'] / ours:5.2f}   (goal 0.9)")
    print(f"  PSNR to the full decode       {psnr(prepared(data), full_decode(data)):7.1f} dB   (goal 50)")


def main() -> None:
    """Draw the photos, or take the one given, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--photo", type=Path, help="a JPEG of your own instead of the drawn ones")
    arguments = parser.parse_args()
    if arguments.photo:
        report(arguments.photo.name, arguments.photo.read_bytes(), arguments.rounds)
        return
    report("studio photo", photograph(draw_studio, grain=1.0), arguments.rounds)
    report("street photo", photograph(draw_street, grain=2.0), arguments.rounds)


if __name__ == "__main__":
    main()
