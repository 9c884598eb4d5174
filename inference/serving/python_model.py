"""The model of the CPU repository: OpenVINO inside Triton's Python backend.

Triton loads this file as ``<repository>/<model>/<version>/model.py``, beside ``model.onnx``; it stands alone.
Tensors pass by DLPack, without a copy: the stubs of Triton 2.51 were built for NumPy 1 and read NumPy 2's element
sizes wrongly (`pb_utils.Tensor(name, array)` sends no bytes).
"""

import hashlib
import json
import os
import sys
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # else the import below reports itself to its maker

import numpy as np  # noqa: E402
import openvino  # noqa: E402, TID251 (the product is not beside it)
import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found]  # noqa: E402 (the server brings it)


class TritonPythonModel:
    """One instance; Triton makes each in a process of its own."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the weights. Raises `ValueError` where the configuration was made for others."""
        config = json.loads(args["model_config"])
        parameters = {name: value["string_value"] for name, value in config["parameters"].items()}
        model = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        _check_version(parameters["version"], model.read_bytes())
        if parameters["gives_way"] == "true":
            _give_way()
        self._outputs = [output["name"] for output in config["output"]]
        self._model = openvino.Core().compile_model(model, "CPU", _settings(int(parameters["threads"])))

    def execute(self, requests: list[Any]) -> list[Any]:
        """Run all requests as one batch and give each its rows."""
        photos = [np.from_dlpack(pb_utils.get_input_tensor_by_name(request, "PHOTO")) for request in requests]
        together = photos[0] if len(photos) == 1 else np.concatenate(photos)
        answers = self._model({"PHOTO": together})
        outputs = [answers[name] for name in self._outputs]
        ends = accumulate((len(photo) for photo in photos), initial=0)
        return [self._response(outputs, slice(*rows)) for rows in pairwise(ends)]

    def _response(self, outputs: list[Any], rows: slice) -> Any:
        named = zip(self._outputs, outputs, strict=True)
        return pb_utils.InferenceResponse([pb_utils.Tensor.from_dlpack(name, output[rows]) for name, output in named])


def _give_way() -> None:
    """Let this thread, and so all that OpenVINO starts from it, run where nothing else wants to (`man 7 sched`)."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _check_version(version: str, model: bytes) -> None:
    digest = hashlib.sha256(model).hexdigest()[:12]
    if digest not in version:
        raise ValueError(f"the configuration is for {version}, the weights' digest is {digest}")


def _settings(threads: int) -> dict[str, Any]:
    return {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        # Each instance would choose the same core, knowing nothing of the others.
        "ENABLE_CPU_PINNING": False,
        # What is not INT8 stays FP32: processors with AMX would round it to bfloat16.
        "INFERENCE_PRECISION_HINT": "f32",
    }
