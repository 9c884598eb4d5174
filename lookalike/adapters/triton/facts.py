import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tritonclient.grpc import InferenceServerClient

from lookalike.adapters.triton.errors import translated
from lookalike.domain.embedding import ModelVersion
from lookalike.errors import InvalidRequestError, UnavailableError
from lookalike.ports.embedder import ModelFacts


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as a server offers it: one version of it, pinned, so that no other answers in its place."""

    facts: ModelFacts
    version: str
    max_batch: int


def read_served_model(client: InferenceServerClient, name: str, timeout: float) -> ServedModel:
    """Ask the server for its newest version of the model and what that says of itself; two calls.

    Raises `UnavailableError` where it does not answer within `timeout` seconds a call, or what it serves is not ours.
    """
    with translated():
        metadata: Any = client.get_model_metadata(name, client_timeout=timeout)
        config: Any = client.get_model_config(name, client_timeout=timeout).config
    try:
        parameters = {key: parameter.string_value for key, parameter in config.parameters.items()}
        newest = max(metadata.versions, key=int)
        return ServedModel(_facts(parameters), newest, max(1, config.max_batch_size))
    except (KeyError, ValueError, InvalidRequestError) as error:
        raise UnavailableError(f"the server's {name} is not a model of ours: {error}", retry_after=60.0) from error


def _facts(parameters: Mapping[str, str]) -> ModelFacts:
    return ModelFacts(
        version=ModelVersion(parameters["version"]),
        preparation=parameters["preparation"],
        input_size=int(parameters["input_size"]),
        categories=tuple(json.loads(parameters["categories"])),
        similarity_slope=float(parameters["similarity_slope"]),
        similarity_intercept=float(parameters["similarity_intercept"]),
    )
