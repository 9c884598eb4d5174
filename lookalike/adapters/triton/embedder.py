import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import numpy.typing as npt
from grpc import StatusCode
from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput, InferResult
from tritonclient.utils import InferenceServerException

from lookalike.adapters.triton.errors import status, translated
from lookalike.adapters.triton.facts import ServedModel, read_served_models
from lookalike.domain.embedding import DIMENSIONS, Embedding
from lookalike.errors import InvalidRequestError, UnavailableError
from lookalike.ports.embedder import ModelFacts, Pixels, Prediction, Priority

_Floats = npt.NDArray[np.float32]
_LEVELS: Final = {Priority.INTERACTIVE: 1, Priority.BULK: 2}
_SECONDS: Final = {Priority.INTERACTIVE: 1.0, Priority.BULK: 20.0}
_MARGIN: Final = 0.25
"""Seconds the client waits beyond the server's time-out, so that a refusal arrives as one."""


class TritonEmbedder:
    """The model `name` of the Triton server behind `client`, which whoever made it closes.

    What the model says of itself is read when it is first needed; bulk work goes to the model that it names for that,
    if any. Photos go in requests of the server's largest batch, `concurrency` of one call's at a time. A request waits
    in the server's queue, by its priority, at most `timeouts` seconds.
    """

    def __init__(
        self,
        client: InferenceServerClient,
        name: str = "embedder",
        *,
        concurrency: int = 4,
        timeouts: Mapping[Priority, float] = _SECONDS,
    ) -> None:
        self._client = client
        self._name = name
        self._timeouts = timeouts
        self._concurrency = concurrency
        self._reading = threading.Lock()
        self._served: Mapping[Priority, ServedModel] | None = None

    @property
    def facts(self) -> ModelFacts:
        """What the model says of itself. Raises `UnavailableError` where it cannot be asked."""
        return self._model(Priority.INTERACTIVE).facts

    def embed_many(self, photos: Sequence[Pixels], priority: Priority) -> list[Prediction]:
        """One prediction a prepared photo, uint8 [size, size, 3], in order.

        Raises `InvalidRequestError` for any other array, `OverloadedError` where the server refuses more work,
        `UnavailableError` where it does not answer, or not as the model would.
        """
        model = self._model(priority)
        for photo in photos:
            _check(photo, model.facts.input_size)
        batches = list(_batches(photos, model.max_batch))
        if len(batches) <= 1:
            return [prediction for batch in batches for prediction in self._predict(model, batch, priority)]
        # Threads, since the client's own asynchronous calls have a callback each and no bound.
        with ThreadPoolExecutor(min(self._concurrency, len(batches)), "triton") as threads:
            answers = [threads.submit(self._predict, model, batch, priority) for batch in batches]
            try:
                return [prediction for answer in answers for prediction in answer.result()]
            finally:
                threads.shutdown(wait=False, cancel_futures=True)

    def _model(self, priority: Priority) -> ServedModel:
        with self._reading:
            if self._served is None:
                self._served = read_served_models(self._client, self._name, self._timeouts[Priority.INTERACTIVE])
            return self._served[priority]

    def _predict(self, model: ServedModel, batch: Sequence[Pixels], priority: Priority) -> list[Prediction]:
        with translated():
            result = self._infer(model, _stacked(batch), priority)
        embeddings = _output(result, "EMBEDDING", (len(batch), DIMENSIONS))
        probabilities = _output(result, "CATEGORY", (len(batch), len(model.facts.categories)))
        try:
            return [
                Prediction(Embedding(vector, model.facts.version), tuple(row.tolist()))
                for vector, row in zip(embeddings, probabilities, strict=True)
            ]
        except InvalidRequestError as error:  # the model's fault, not the caller's
            raise UnavailableError(f"the model gave no usable vector: {error.message}") from error

    def _infer(self, model: ServedModel, batch: npt.NDArray[np.uint8], priority: Priority) -> InferResult:
        seconds = self._timeouts[priority]
        try:
            return self._client.infer(
                model.name,
                [InferInput("PHOTO", list(batch.shape), "UINT8").set_data_from_numpy(batch)],
                model_version=model.version,
                outputs=[InferRequestedOutput("EMBEDDING"), InferRequestedOutput("CATEGORY")],
                priority=_LEVELS[priority],
                timeout=round(seconds * 1e6),
                client_timeout=seconds + _MARGIN,
            )
        except InferenceServerException as error:
            if status(error) is StatusCode.NOT_FOUND:  # another version has taken its place: ask anew, next time
                self._served = None
            raise


def _check(photo: Pixels, size: int) -> None:
    if photo.shape != (size, size, 3) or photo.dtype != np.uint8:
        raise InvalidRequestError("photo", f"must be uint8 [{size}, {size}, 3], is {photo.dtype} {photo.shape}")


def _batches(photos: Sequence[Pixels], size: int) -> Iterator[Sequence[Pixels]]:
    for start in range(0, len(photos), size):
        yield photos[start : start + size]


def _stacked(batch: Sequence[Pixels]) -> npt.NDArray[np.uint8]:
    return batch[0][np.newaxis] if len(batch) == 1 else np.stack(batch)  # a shopper's one photo is not copied


def _output(result: InferResult, name: str, shape: tuple[int, int]) -> _Floats:
    try:
        values: _Floats | None = result.as_numpy(name)
    except ValueError as error:  # fewer bytes than its shape needs
        raise UnavailableError(f"the model's {name} came incomplete: {error}") from error
    if values is None or values.shape != shape or values.dtype != np.float32 or not np.isfinite(values).all():
        found = "nothing" if values is None else f"{values.dtype} {values.shape}"
        raise UnavailableError(f"the model's {name} must be finite float32 {shape}, is {found}")
    return values
