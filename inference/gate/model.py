import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.silent_onnxruntime import ort
from lookalike.errors import CatalogueDamagedError, InvalidRequestError
from lookalike.ports.embedder import ModelFacts


@dataclass(frozen=True, slots=True)
class Answers:
    """Of n photos: `embeddings` float32 [n, 256], `probabilities` float32 [n, categories]."""

    embeddings: NDArray[np.float32]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """An ONNX file, loaded to be measured. `facts` is None where the product cannot serve it; `fault` says why."""

    role: str
    sha256: str
    size_bytes: int
    metadata: Mapping[str, str]
    facts: ModelFacts | None
    fault: str
    _session: Any

    @property
    def side(self) -> int:
        """Of the square it takes, in pixels. Raises `InvalidRequestError` for a model without facts."""
        return self.known_facts.input_size

    @property
    def known_facts(self) -> ModelFacts:
        """Its facts. Raises `InvalidRequestError` where it has none."""
        if self.facts is None:
            raise InvalidRequestError(self.role, f"is a model that the product cannot serve: {self.fault}")
        return self.facts

    def run(self, photos: NDArray[np.uint8]) -> Answers:
        """Of prepared photos uint8 [n, size, size, 3], as one batch. Raises `InvalidRequestError` where it fails."""
        try:
            embeddings, probabilities = self._session.run(["EMBEDDING", "CATEGORY"], {"PHOTO": photos})
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            raise InvalidRequestError(self.role, f"fails on a batch of {len(photos)}: {one_line(error)}") from error
        return Answers(np.asarray(embeddings), np.asarray(probabilities))


def open_model(path: Path, role: str, threads: int = 1) -> Model:
    """Load the file at `path`; `role` names it in errors. Raises `InvalidRequestError` where it is no ONNX model."""
    try:
        content = path.read_bytes()
        session = ort.InferenceSession(content, _options(threads), providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        raise InvalidRequestError(role, f"{path} is not a model that can be loaded: {one_line(error)}") from error
    facts, fault = _read_facts(path)
    metadata = session.get_modelmeta().custom_metadata_map
    return Model(role, hashlib.sha256(content).hexdigest(), len(content), metadata, facts, fault, session)


def _read_facts(path: Path) -> tuple[ModelFacts | None, str]:
    """As the product reads them, which is what counts."""
    try:
        return OnnxEmbedder(path, threads=1).facts, ""
    except CatalogueDamagedError as error:
        return None, one_line(error.__cause__ or error)


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # As it is served: threads that wait actively would take the time of the other model.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what goes wrong is told by us
    return options


def joined(parts: list[Answers]) -> Answers:
    """One after the other."""
    return Answers(
        np.concatenate([part.embeddings for part in parts]), np.concatenate([part.probabilities for part in parts])
    )


def one_line(error: BaseException) -> str:
    """An error's class and what it says, shortened: ONNX Runtime fills pages."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}"[:200]
