"""Both towers of an open_clip model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import open_clip
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from torch import Tensor, nn

from inference.export.bring.library import check_known
from inference.export.bring.source import Pixels, Source, Text
from inference.export.bring.weights import Weights, put, read_weights

_OF_THE_LOSS = ("logit_scale", "logit_bias")


class _Words(nn.Module):
    """`encode_text` as the module that is traced."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> Tensor:
        features: Tensor = self.network.encode_text(tokens)
        return features


def load(architecture: str, weights: Path, *, tokenizer: Path | None = None, image_only: bool = False) -> Source:
    """The architecture comes from the package's own configurations, all that it learned from `weights`.

    `tokenizer` is the folder of a tokenizer that the package does not have. Raises `ValueError` for an architecture
    that is unknown or would reach for a hub, for weights that do not fit, and where a tokenizer is missing.
    """
    check_known(architecture, open_clip.list_models(), "open_clip")
    config = open_clip.get_model_config(architecture)
    _check_whole(architecture, config)
    tokenize = None if image_only else _tokenizer(architecture, config["text_cfg"], tokenizer)
    learned = read_weights(weights)
    network = open_clip.create_model(architecture, load_weights=False, pretrained_text=False).eval()
    put(_by_its_names(learned, network), network, unused=_OF_THE_LOSS)
    photos = network.visual
    del network.visual  # what is left reads
    height, width = _pair(photos.image_size)
    if height != width:
        raise ValueError(f"{architecture} takes photos of {width} x {height} pixels, not squares")
    text = _text(network, tokenize) if tokenize else None
    return Source(photos, width, _pixels(architecture), text)


def _check_whole(architecture: str, config: dict[str, Any]) -> None:
    if "hf_model_name" in config["text_cfg"]:
        raise ValueError(f"{architecture} takes its text tower's architecture from a hub, and nothing here asks one")
    if "multimodal_cfg" in config:
        raise ValueError(f"{architecture} writes captions (CoCa): its towers are not made to stand alone")


def _by_its_names(weights: Weights, network: nn.Module) -> Weights:
    """As open_clip names them today; earlier files put the text tower beside the image tower."""
    weights = convert_state_dict(network, weights)
    if "positional_embedding" in weights and not hasattr(network, "positional_embedding"):
        weights = convert_to_custom_text_state_dict(weights)
    return weights


def _pair(extent: int | tuple[int, int]) -> tuple[int, int]:
    return (extent, extent) if isinstance(extent, int) else extent


def _pixels(architecture: str) -> Pixels | None:
    """Of the weights published for it, where they agree; OpenAI's CLIP's, the package's default, where none are."""
    default = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}
    tags = list_pretrained_tags_by_model(architecture)
    said = [default | get_pretrained_cfg(architecture, tag) for tag in tags] or [default]
    taken = {Pixels(tuple(each["mean"]), tuple(each["std"])) for each in said}
    return taken.pop() if len(taken) == 1 else None


def _text(network: nn.Module, tokenize: Callable[[Sequence[str]], Tensor]) -> Text:
    tower = getattr(network, "text", network)
    return Text(_Words(network), tokenize, tower.context_length, tower.vocab_size)


def _tokenizer(architecture: str, config: dict[str, Any], folder: Path | None) -> Callable[[Sequence[str]], Tensor]:
    """The package's own, or that of `folder`, by the configuration's way of cleaning; code in it is never run."""
    if folder is None:
        if config.get("hf_tokenizer_name") or "siglip" in architecture.lower():
            raise ValueError(
                f"open_clip has no tokenizer for {architecture} in its package: give the folder that holds its "
                "tokenizer.json as --tokenizer, or leave the text tower out with --image-only"
            )
        return open_clip.get_tokenizer(architecture)
    if not (folder / "tokenizer.json").is_file():
        raise FileNotFoundError(f"no tokenizer.json in {folder}")
    return open_clip.tokenizer.HFTokenizer(
        str(folder),
        context_length=config["context_length"],
        tokenizer_mode=config.get("tokenizer_mode"),
        trust_remote_code=False,
        **config.get("tokenizer_kwargs", {}),
    )
