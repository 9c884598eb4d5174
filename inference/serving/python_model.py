"""The model of the CPU repository: ONNX Runtime inside Triton's Python backend.

Triton loads this file as ``<repository>/<model>/<version>/model.py``, beside ``model.onnx``; it stands alone.
Tensors pass by DLPack, without a copy: the stubs of Triton 2.51 were built for NumPy 1 and read NumPy 2's element
sizes wrongly (`pb_utils.Tensor(name, array)` sends no bytes).
"""

import hashlib
import json
import os
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, on the import below; else it reports each model to its maker

import numpy as np
import onnxruntime as ort  # noqa: TID251 (the product is not beside it)
import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found]  # the server brings it


class TritonPythonModel:
    """One instance; Triton makes each in a process of its own."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the weights. Raises `ValueError` where the configuration was made for others."""
        config = json.loads(args["model_config"])
        parameters = {name: value["string_value"] for name, value in config["parameters"].items()}
        model = (Path(args["model_repository"]) / args["model_version"] / "model.onnx").read_bytes()
        _check_version(parameters["version"], model)
        self._outputs = [output["name"] for output in config["output"]]
        options = _options(int(parameters["threads"]))
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def execute(self, requests: list[Any]) -> list[Any]:
        """Run all requests as one batch and give each its rows."""
        photos = [np.from_dlpack(pb_utils.get_input_tensor_by_name(request, "PHOTO")) for request in requests]
        together = photos[0] if len(photos) == 1 else np.concatenate(photos)
        outputs = self._session.run(self._outputs, {"PHOTO": together})
        ends = accumulate((len(photo) for photo in photos), initial=0)
        return [self._response(outputs, slice(*rows)) for rows in pairwise(ends)]

    def _response(self, outputs: list[Any], rows: slice) -> Any:
        named = zip(self._outputs, outputs, strict=True)
        return pb_utils.InferenceResponse([pb_utils.Tensor.from_dlpack(name, output[rows]) for name, output in named])


def _check_version(version: str, model: bytes) -> None:
    digest = hashlib.sha256(model).hexdigest()[:12]
    if digest not in version:
        raise ValueError(f"the configuration is for {version}, the weights' digest is {digest}")


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that wait actively take the processor from Triton's own.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
