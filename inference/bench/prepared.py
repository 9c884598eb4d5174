"""Requests that are written once.

On a machine that the server shares with its load, what the load costs is taken from the server: our own client needs
0.7 ms of processor time a search, a request that is ready to be sent half of that.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import grpc
import numpy as np
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

from inference.serving.spec import Level
from lookalike.adapters.triton.errors import translation
from lookalike.errors import LookalikeError
from lookalike.ports.embedder import Pixels

Ended = Callable[[type[LookalikeError] | None], None]
"""Told once what a request ended with: None where it was served, else the error that our adapter makes of it."""
_SECONDS: Final = 5.0
_VERSION: Final = "1"  # the only one that `inference.serving.assemble` writes
_METHOD: Final = "/inference.GRPCInferenceService/ModelInfer"


class PreparedRequest:
    """The same photos, again and again, at the model `name` of the Triton server at `address`, host:port.

    They travel with each request, or lie in the server's `region` (see `region.region`).
    """

    def __init__(
        self,
        address: str,
        name: str,
        photos: Sequence[Pixels],
        level: Level = Level.INTERACTIVE,
        region: str | None = None,
    ) -> None:
        self._request = _written(name, np.stack(photos), level, region)
        self._send: Any = grpc.insecure_channel(address).unary_unary(_METHOD)

    def begin(self, ended: Ended) -> None:
        """Send it and return at once."""
        call = self._send.future(self._request, timeout=_SECONDS)
        call.add_done_callback(lambda done: ended(_error(done)))

    def __call__(self) -> None:
        """Send it and wait; raises what our adapter would."""
        call = self._send.future(self._request, timeout=_SECONDS)
        if call.exception():
            raise _translated(call)


def _written(name: str, batch: Pixels, level: Level, region: str | None) -> bytes:
    request = service_pb2.ModelInferRequest(model_name=name, model_version=_VERSION)
    photos = request.inputs.add(name="PHOTO", datatype="UINT8", shape=batch.shape)
    if region:
        photos.parameters["shared_memory_region"].string_param = region
        photos.parameters["shared_memory_byte_size"].int64_param = batch.nbytes
    else:
        request.raw_input_contents.append(batch.tobytes())
    request.parameters["priority"].uint64_param = level
    for output in ("EMBEDDING", "CATEGORY"):
        request.outputs.add(name=output)
    return bytes(request.SerializeToString())


def _error(call: Any) -> type[LookalikeError] | None:
    return type(_translated(call)) if call.exception() else None


def _translated(call: Any) -> LookalikeError:
    failed = call.exception()
    return translation(InferenceServerException(failed.details(), str(failed.code())))
