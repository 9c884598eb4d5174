# ruff: noqa: ARG002, N802 (names and arguments are the protocol's)
"""A gRPC server that speaks Triton's protocol and answers as a test says; the client that meets it is the real one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc

SIDE = 8
PARAMETERS = {
    "version": "toy-0123456789ab-p1",
    "preparation": "1",
    "input_size": str(SIDE),
    "categories": '["dress", "shirt"]',
    "similarity_slope": "12.5",
    "similarity_intercept": "-9.0",
}


@dataclass
class Behaviour:
    """What the server does; a test changes it while it runs. `others`: what it knows of models by their names."""

    parameters: dict[str, str] = field(default_factory=lambda: dict(PARAMETERS))
    versions: tuple[str, ...] = ("1",)
    max_batch: int = 4
    others: dict[str, tuple[dict[str, str], int]] = field(default_factory=dict)
    abort: tuple[grpc.StatusCode, str] | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    without: str | None = None
    requests: list[Any] = field(default_factory=list)
    asked: int = 0


class _Servicer(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]  # generated code has no types
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    def ModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._behaviour.asked += 1
        return service_pb2.ModelMetadataResponse(name=request.name, versions=self._behaviour.versions)

    def ModelConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        answer = service_pb2.ModelConfigResponse()
        usual = self._behaviour.parameters, self._behaviour.max_batch
        parameters, answer.config.max_batch_size = self._behaviour.others.get(request.name, usual)
        for name, value in parameters.items():
            answer.config.parameters[name].string_value = value
        return answer

    def ModelInfer(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._behaviour.requests.append(request)
        if request.model_version not in self._behaviour.versions:
            context.abort(grpc.StatusCode.NOT_FOUND, "Request for unknown model")
        if self._behaviour.abort:
            context.abort(*self._behaviour.abort)
        photos = np.frombuffer(request.raw_input_contents[0], np.uint8).reshape(request.inputs[0].shape)
        return _answer({**_outputs(photos), **self._behaviour.outputs}, self._behaviour.without)


def _outputs(photos: np.ndarray[Any, np.dtype[np.uint8]]) -> dict[str, Any]:
    """The first pixel's red says which direction the vector has: order can be told."""
    embeddings = np.eye(256, dtype=np.float32)[photos[:, 0, 0, 0]]
    return {"EMBEDDING": embeddings, "CATEGORY": np.full((len(photos), 2), 0.5, np.float32)}


def _answer(outputs: dict[str, Any], without: str | None) -> Any:
    answer = service_pb2.ModelInferResponse()
    for name, values in outputs.items():
        if name != without:
            datatype = {"float32": "FP32", "float64": "FP64"}[str(values.dtype)]
            answer.outputs.add(name=name, datatype=datatype, shape=values.shape)
            answer.raw_output_contents.append(values.tobytes())
    return answer


@contextmanager
def fake_triton(behaviour: Behaviour) -> Iterator[str]:
    """Serve it on loopback; gives host:port."""
    server = grpc.server(ThreadPoolExecutor(8))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(_Servicer(behaviour), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()
