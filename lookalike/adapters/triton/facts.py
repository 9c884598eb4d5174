import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tritonclient.grpc import InferenceServerClient

from lookalike.adapters.triton.errors import REPAIR, translated
from lookalike.domain.embedding import ModelVersion
from lookalike.errors import InvalidRequestError, UnavailableError
from lookalike.ports.embedder import ModelFacts, Priority


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as a server offers it: one version of it, pinned, so that no other answers in its place.

    `bulk_model` names the one beside it that takes bulk work, where there is one.
    """

    name: str
    facts: ModelFacts
    version: str
    max_batch: int
    bulk_model: str | None


def read_served_models(client: InferenceServerClient, name: str, timeout: float) -> dict[Priority, ServedModel]:
    """Who takes work of each priority: the model `name`, and for bulk the one that it names, if any.

    Raises `UnavailableError` where the server does not answer within `timeout` seconds a call, or what it serves is not
    ours, or not one model.
    """
    interactive = _read(client, name, timeout)
    bulk = _read(client, interactive.bulk_model, timeout) if interactive.bulk_model else interactive
    if bulk.facts != interactive.facts:
        raise UnavailableError(f"the server's {bulk.name} is of another version than its {name}", retry_after=REPAIR)
    return {Priority.INTERACTIVE: interactive, Priority.BULK: bulk}


def _read(client: InferenceServerClient, name: str, timeout: float) -> ServedModel:
    """The server's newest version of the model and what that says of itself; two calls."""
    with translated():
        metadata: Any = client.get_model_metadata(name, client_timeout=timeout)
        config: Any = client.get_model_config(name, client_timeout=timeout).config
    try:
        parameters = {key: parameter.string_value for key, parameter in config.parameters.items()}
        newest = max(metadata.versions, key=int)
        return ServedModel(
            name, _facts(parameters), newest, max(1, config.max_batch_size), parameters.get("bulk_model")
        )
    except (KeyError, ValueError, InvalidRequestError) as error:
        raise UnavailableError(f"the server's {name} is not a model of ours: {error}", retry_after=REPAIR) from error


def _facts(parameters: Mapping[str, str]) -> ModelFacts:
    return ModelFacts(
        version=ModelVersion(parameters["version"]),
        preparation=parameters["preparation"],
        input_size=int(parameters["input_size"]),
        categories=tuple(json.loads(parameters["categories"])),
        similarity_slope=float(parameters["similarity_slope"]),
        similarity_intercept=float(parameters["similarity_intercept"]),
        colour_dimensions=int(parameters.get("colour_dimensions", "0")),
    )
