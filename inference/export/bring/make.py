"""From a library's architecture and a file of weights to the files that are served."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any

import torch

from inference.export.bring import offline  # noqa: F401 (before the libraries)
from inference.export.bring.check import check_photos, check_words
from inference.export.bring.fit import Fitted, Tell, fit_photos, fit_words, read_accuracy
from inference.export.bring.photos import fitting_photos
from inference.export.bring.project import check_width
from inference.export.bring.publish import Graph, publish
from inference.export.bring.source import Pixels, Source, Text
from inference.export.bring.towers import PhotoFeatures, TextFeatures
from inference.export.facts import facts
from inference.train.dataset import LabelledPhotos

_PACKAGES = ("lookalike", "onnx", "onnxruntime", "open-clip-torch", "timm", "torch", "torchvision")


@dataclass(frozen=True)
class Photos:
    """`fitting` made the projection and the categories, `aside` their calibration."""

    fitting: LabelledPhotos
    aside: LabelledPhotos


def make(options: argparse.Namespace, tell: Tell) -> dict[str, Any]:
    """Write `model.onnx` and, where there is a text tower, `text.onnx` into `options.out`; gives the report on both.

    Raises `ValueError` or `OSError` for what cannot be brought, `RuntimeError` where a file does not answer as its
    tower does.
    """
    source = _load(options)
    if source.pixels is None:
        raise ValueError(
            f"weights of {options.architecture} take pixels of several kinds: say which, by --mean and --std"
        )
    check_width(source.width())
    photos = Photos(*fitting_photos(options.photos, source.side, options.aside, options.seed, options.cache))
    tell(f"{len(photos.fitting)} photos to fit on, {len(photos.aside)} kept aside")
    features = PhotoFeatures(source.tower, source.pixels)
    fitted = fit_photos(features, photos.fitting, photos.aside, options.whitening, tell)
    made_of, origin = _made_of(options, source.pixels, photos)
    tell("writing model.onnx")
    image = _write_photos(options, source.side, fitted, origin)
    report = {**made_of, "image": image}
    if source.text:
        tell("writing text.onnx")
        report["text"] = _write_words(options, source.text, photos, fitted, {**origin, "image_model": image["version"]})
    return report


def _load(options: argparse.Namespace) -> Source:
    """With the pixels that were asked for, where they were."""
    of_text = {"tokenizer": options.tokenizer, "image_only": options.image_only}
    if options.library != "open_clip":
        if any(of_text.values()):
            raise ValueError(f"{options.library} has no text towers: --tokenizer and --image-only are not for it")
        of_text = {}
    library = import_module(f"inference.export.bring.from_{options.library}")  # options allow three names
    source: Source = library.load(options.architecture, options.weights, **of_text)
    known = asdict(source.pixels) if source.pixels else {}
    asked = {name: tuple(values) for name in ("mean", "std") if (values := getattr(options, name))}
    pixels = known | asked
    return replace(source, pixels=Pixels(**pixels) if pixels.keys() == {"mean", "std"} else None)


def _write_photos(options: argparse.Namespace, side: int, fitted: Fitted, origin: dict[str, str]) -> dict[str, Any]:
    example = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    said = {**facts(options.name, fitted.calibration, side), **origin}
    graph = Graph(fitted.tower, example, "PHOTO", ("EMBEDDING", "CATEGORY"), said)
    checked = publish(graph, options.out / "model.onnx", partial(check_photos, tower=fitted.tower))
    return {
        **checked,
        "variance_kept": fitted.projection.kept,
        **fitted.figures,
        "calibration": fitted.calibration.model_dump(mode="json"),
    }


def _write_words(
    options: argparse.Namespace, text: Text, photos: Photos, fitted: Fitted, origin: dict[str, str]
) -> dict[str, Any]:
    captions = [options.caption.replace("{category}", name.replace("_", " ")) for name in photos.fitting.categories]
    tokens = text.tokenize(captions).long()
    tower = fit_words(TextFeatures(text.tower), tokens, photos.fitting, fitted.projection)
    said = {
        "name": f"{options.name}-text",
        "context_length": str(text.length),
        "vocabulary": str(text.vocabulary),
        **origin,
    }
    graph = Graph(tower, tokens[:2], "TOKENS", ("EMBEDDING",), said)
    checked = publish(graph, options.out / "text.onnx", partial(check_words, tower=tower, tokens=tokens))
    return {**checked, "caption": options.caption, "aside_accuracy": read_accuracy(tower, tokens, fitted.aside)}


def _made_of(options: argparse.Namespace, pixels: Pixels, photos: Photos) -> tuple[dict[str, Any], dict[str, str]]:
    """For the report, and for the files' metadata."""
    with options.weights.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    origin = f"{options.library} {options.architecture}, weights {options.weights.name} (SHA-256 {digest})"
    made_of = {
        "library": options.library,
        "architecture": options.architecture,
        "weights_sha256": digest,
        "pixels": asdict(pixels),
        "photos": {"fitting": len(photos.fitting), "aside": len(photos.aside), "seed": options.seed},
        "whitening": options.whitening,
        "made_with": {name: version(name) for name in _PACKAGES},
    }
    return made_of, {"origin": origin, "licence": options.licence}
