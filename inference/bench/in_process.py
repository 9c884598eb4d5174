from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.bench.silent_openvino import openvino
from lookalike.adapters.embedded.silent_onnxruntime import ort

Run = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Photos, uint8 [n, s, s, 3] -> embeddings; may be called by as many threads at once as were asked for."""


def by_onnx_runtime(model: Path, threads: int) -> Run:
    """The model by bare ONNX Runtime, each call on `threads` threads of this machine's processors."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda photos: np.asarray(session.run(["EMBEDDING"], {"PHOTO": photos})[0])


def by_openvino(model: Path, threads: int, calls: int = 1) -> Run:
    """The model by bare OpenVINO, set as it is served: `calls` at once, each on `threads` threads."""
    settings: dict[str, Any] = {
        "INFERENCE_NUM_THREADS": threads * calls,
        "NUM_STREAMS": calls,
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    return lambda photos: np.asarray(compiled.create_infer_request().infer({"PHOTO": photos})["EMBEDDING"])
