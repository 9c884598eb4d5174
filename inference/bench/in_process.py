from pathlib import Path

from lookalike.adapters.embedded.silent_onnxruntime import ort


def open_session(model: Path, threads: int) -> ort.InferenceSession:
    """The model by bare ONNX Runtime on `threads` threads of this machine's processors, set as it is served."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
