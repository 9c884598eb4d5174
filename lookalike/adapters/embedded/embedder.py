import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lookalike.adapters.embedded.silent_onnxruntime import ort
from lookalike.adapters.embedded.turnstile import Turnstile
from lookalike.domain.embedding import DIMENSIONS, Embedding, ModelVersion
from lookalike.errors import (
    CatalogueDamagedError,
    InvalidRequestError,
    NotFoundError,
    UnavailableError,
)
from lookalike.ports.embedder import ModelFacts, Pixels, Prediction, Priority

_Floats = npt.NDArray[np.float32]
_MOST_WAITING: Final = 64
# Measured, EfficientNet-Lite0 at 224 pixels on two busy cores: 7.5 ms of processor time a photo in batches of 1 to 4,
# 8.8 in 8, 10 in 16 and more (the layers outgrow the cache). A small batch also lets a waiting shopper in sooner.
_BATCH: Final = 4
_COLOURS: Final = 32
"""Numbers of a vector that are colours, in the models that set them apart (ADR 18)."""
_SAME_SHARE: Final = 1e-3


class OnnxEmbedder:
    """A model file run by ONNX Runtime on the CPU, loaded once, here.

    The graph takes ``PHOTO`` uint8 [n, size, size, 3] and gives ``EMBEDDING`` float32 [n, 256] and ``CATEGORY``
    float32 [n, categories]; what the model says of itself stands in its metadata. Photos run in batches of at most
    `max_batch`, one batch at a time on `threads` threads (all cores where None), a shopper's ahead of an import's.

    Raises `NotFoundError` where there is no such file, `CatalogueDamagedError` where it is no such model.
    """

    def __init__(self, model_path: Path, threads: int | None = None, max_batch: int = _BATCH) -> None:
        self._max_batch = max_batch
        self._turnstile = Turnstile(_MOST_WAITING)
        try:
            model = model_path.read_bytes()
        except OSError as error:
            raise NotFoundError(f"no model at {model_path}: {error.strerror}") from error
        try:
            self._session = ort.InferenceSession(model, _options(threads), providers=["CPUExecutionProvider"])
            facts = _read_facts(self._session.get_modelmeta().custom_metadata_map, model)
            self.facts = replace(facts, colour_dimensions=_find_colours(_try_out(self._session, facts)))
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            raise CatalogueDamagedError(f"{model_path} is not a usable model: {error}") from error

    def embed_many(self, photos: Sequence[Pixels], priority: Priority) -> list[Prediction]:
        """One prediction a prepared photo, uint8 [size, size, 3], in order.

        Raises `InvalidRequestError` for any other array, `OverloadedError` where too many searches wait
        already, `UnavailableError` where the model fails.
        """
        for photo in photos:
            self._check(photo)
        return [prediction for batch in self._batches(photos) for prediction in self._predict(batch, priority)]

    def _check(self, photo: Pixels) -> None:
        size = self.facts.input_size
        if photo.shape != (size, size, 3) or photo.dtype != np.uint8:
            raise InvalidRequestError("photo", f"must be uint8 [{size}, {size}, 3], is {photo.dtype} {photo.shape}")

    def _batches(self, photos: Sequence[Pixels]) -> Iterator[npt.NDArray[np.uint8]]:
        for start in range(0, len(photos), self._max_batch):
            yield np.stack(photos[start : start + self._max_batch])

    def _predict(self, batch: npt.NDArray[np.uint8], priority: Priority) -> list[Prediction]:
        with self._turnstile.turn(priority):
            embeddings, probabilities = self._run(batch)
        try:
            return [
                Prediction(Embedding(vector, self.facts.version), tuple(row.tolist()))
                for vector, row in zip(embeddings, probabilities, strict=True)
            ]
        except InvalidRequestError as error:  # the model's fault, not the caller's
            raise UnavailableError(f"the model gave no usable vector: {error.message}") from error

    def _run(self, batch: npt.NDArray[np.uint8]) -> tuple[_Floats, _Floats]:
        try:
            embeddings, probabilities = self._session.run(["EMBEDDING", "CATEGORY"], {"PHOTO": batch})
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            raise UnavailableError(f"the model failed: {error}") from error
        return embeddings, probabilities


def _options(threads: int | None) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    # Threads that wait actively took 12 to 15 ms a photo for the 7.5 above, and were no faster.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _read_facts(metadata: Mapping[str, str], model: bytes) -> ModelFacts:
    digest = hashlib.sha256(model).hexdigest()[:12]
    return ModelFacts(
        version=ModelVersion(f"{metadata['name']}-{digest}-p{metadata['preparation']}"),
        preparation=metadata["preparation"],
        input_size=int(metadata["input_size"]),
        categories=tuple(json.loads(metadata["categories"])),
        similarity_slope=float(metadata["similarity_slope"]),
        similarity_intercept=float(metadata["similarity_intercept"]),
    )


def _try_out(session: Any, facts: ModelFacts) -> _Floats:
    """What the model makes of three photos; raises `ValueError` where that is not of the shapes it should be.

    Shapes declared in a graph may be names, what comes out may not.
    """
    side = facts.input_size
    ramp = np.linspace(0, 255, side * side * 3).astype(np.uint8).reshape(side, side, 3)
    vectors: list[_Floats] = []
    for photo in (np.zeros_like(ramp), ramp, 255 - ramp[:, ::-1] // 2):
        embedding, category = session.run(["EMBEDDING", "CATEGORY"], {"PHOTO": photo[None]})
        if embedding.shape != (1, DIMENSIONS) or category.shape != (1, len(facts.categories)):
            raise ValueError(f"gives {embedding.shape} and {category.shape}")
        vectors.append(embedding)
    return np.concatenate(vectors)


def _find_colours(embeddings: _Floats) -> int:
    """How many numbers at a vector's end are colours: there they have one share of every vector, whatever the photo.

    Models made before this was asked do not say so in their metadata; three photos show it.
    """
    shares = np.square(embeddings[:, -_COLOURS:]).sum(axis=1)
    return _COLOURS if 0 < shares.max() < 1 and np.ptp(shares) < _SAME_SHARE else 0
