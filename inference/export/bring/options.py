"""What `python -m inference.export.bring` is asked."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import inf, nan
from pathlib import Path

from inference.export.bring.library import LIBRARIES
from lookalike.domain.embedding import ModelVersion
from lookalike.errors import InvalidRequestError

CAPTION = "a photo of a {category}"


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ends the process with status 2 where it cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="python -m inference.export.bring",
        description="Write a torchvision, timm or open_clip model as one that is served. Nothing is downloaded.",
    )
    parser.add_argument("--library", choices=sorted(LIBRARIES), required=True, help="whose architecture it is")
    parser.add_argument("--architecture", metavar="NAME", required=True, help="as the library calls it")
    parser.add_argument("--weights", type=Path, metavar="FILE", required=True, help=".safetensors, .pt, .pth or .bin")
    parser.add_argument("--photos", type=Path, metavar="DIR", required=True, help="DIR/<category>/<photo>, to fit on")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="model.onnx, text.onnx, report.json")
    parser.add_argument("--name", type=_name, default="embedder", help="of the model (%(default)s)")
    parser.add_argument("--licence", default="not stated", help="of the weights, for the file's metadata (%(default)s)")
    _add_pixels(parser.add_argument_group("pixels, where they are not what the library says"))
    _add_fit(parser.add_argument_group("fit"))
    _add_text(parser.add_argument_group("text tower"))
    return parser.parse_args(arguments)


def _add_pixels(group: argparse._ArgumentGroup) -> None:
    channels = ("R", "G", "B")
    group.add_argument("--mean", type=float, nargs=3, metavar=channels, help="subtracted from pixels in 0..1")
    group.add_argument("--std", type=_positive, nargs=3, metavar=channels, help="they are then divided by")


def _add_fit(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--whitening", type=_share, default=0.5, help="0: PCA alone, 1: full whitening (%(default)s)")
    group.add_argument("--aside", type=_part, default=0.2, help="share of the photos to calibrate on (%(default)s)")
    group.add_argument("--seed", type=int, default=0, help="of what is kept aside (%(default)s)")
    group.add_argument("--threads", type=int, default=1, help="of torch (%(default)s)")
    group.add_argument("--cache", type=Path, default=Path(".cache/photos"), help="for prepared photos (%(default)s)")


def _add_text(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--tokenizer", type=Path, metavar="DIR", help="with tokenizer.json, where the library has none")
    group.add_argument("--caption", type=_caption, default=CAPTION, help="what a photo is called (%(default)s)")
    group.add_argument("--image-only", action="store_true", help="leave the text tower out")


def _name(text: str) -> str:
    try:
        ModelVersion(f"{text}-{'0' * 12}-p1")
    except InvalidRequestError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no name: lower-case letters, digits and hyphens") from error
    return text


def _number(text: str, right: Callable[[float], bool], said: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not right(value):
        raise argparse.ArgumentTypeError(f"must be a number {said}, is {text}")
    return value


def _positive(text: str) -> float:
    return _number(text, lambda value: 0 < value < inf, "above 0")


def _share(text: str) -> float:
    return _number(text, lambda value: 0 <= value <= 1, "from 0 to 1")


def _part(text: str) -> float:
    return _number(text, lambda value: 0 < value <= 0.5, "above 0 and at most 0.5")  # noqa: PLR2004 (said beside it)


def _caption(text: str) -> str:
    if "{category}" not in text:
        raise argparse.ArgumentTypeError("a caption has {category} in it")
    return text
