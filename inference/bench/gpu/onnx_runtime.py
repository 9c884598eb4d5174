"""ONNX Runtime, by its CUDA or its TensorRT provider."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from onnx import ModelProto

from inference.bench.gpu.driver import need_gpu
from inference.bench.gpu.measure import Clock, timed
from inference.bench.gpu.way import Arithmetic, Floats, NotBroughtError, Photos
from inference.compile.cast_first import cast_first
from inference.compile.halve import halve
from lookalike.adapters.embedded.silent_onnxruntime import ort

CUDA: Final = "CUDAExecutionProvider"
TENSORRT: Final = "TensorrtExecutionProvider"


@dataclass(frozen=True, slots=True)
class OnnxRuntime:
    """One of its providers, with photos and embeddings kept on its `device`, and no other provider to fall back on."""

    provider: str
    device: str = "cuda"
    clock: Clock = field(default=time.perf_counter)

    @property
    def name(self) -> str:
        """With ONNX Runtime's version."""
        return f"ONNX Runtime {ort.__version__}, {self.provider.removesuffix('ExecutionProvider')}"

    @property
    def arithmetics(self) -> Sequence[Arithmetic]:
        """TensorRT's FP32 is TF32, which this provider has no word against."""
        return [each for each in Arithmetic if self.provider != TENSORRT or each is not Arithmetic.FP32]

    def load(self, model: ModelProto, arithmetic: Arithmetic, photos: Photos) -> "_Bound":
        """See `Way`. Raises `NotBroughtError` where the provider does not start."""
        graph = cast_first(halve(model) if arithmetic is Arithmetic.FP16 else model)
        options = ort.SessionOptions()
        options.log_severity_level = 3  # errors
        providers = [(self.provider, _settings(self.provider, arithmetic))]
        session = ort.InferenceSession(graph.SerializeToString(), options, providers=providers)
        if session.get_providers()[0] != self.provider:
            raise NotBroughtError(f"{self.provider} does not start here: {session.get_providers()[0]} took its place")
        return _Bound(session, photos, self.device, self.clock)


def bring(provider: str) -> OnnxRuntime:
    """Raises `NotBroughtError` without a GPU, and where this ONNX Runtime was built without that provider."""
    if provider not in ort.get_available_providers():
        raise NotBroughtError(f"this ONNX Runtime {ort.__version__} was built without {provider}")
    need_gpu()
    return OnnxRuntime(provider)


def _settings(provider: str, arithmetic: Arithmetic) -> Mapping[str, str]:
    """https://onnxruntime.ai/docs/execution-providers/, CUDA and TensorRT."""
    if provider == CUDA:
        return {"use_tf32": str(int(arithmetic is Arithmetic.TF32)), "cudnn_conv_algo_search": "EXHAUSTIVE"}
    if provider == TENSORRT:
        narrow = {"trt_fp16_enable": arithmetic in {Arithmetic.FP16, Arithmetic.INT8}}
        narrow["trt_int8_enable"] = arithmetic is Arithmetic.INT8
        return {name: str(value) for name, value in narrow.items()}
    return {}


class _Bound:
    def __init__(self, session: Any, photos: Photos, device: str, clock: Clock) -> None:
        self._session, self._photos, self._clock = session, photos, clock
        self._binding = session.io_binding()
        self._binding.bind_ortvalue_input("PHOTO", ort.OrtValue.ortvalue_from_numpy(photos, device, 0))
        self._binding.bind_output("EMBEDDING", device, 0)

    def answer(self) -> Floats:
        (found,) = self._session.run(["EMBEDDING"], {"PHOTO": self._photos})
        return np.asarray(found, np.float32)

    def milliseconds(self, times: int) -> float:
        """By the clock: a run ends when the GPU is done."""
        return sum(timed(self._run, times, self._clock))

    def latencies(self, times: int) -> Sequence[float]:
        return timed(self.answer, times, self._clock)

    def _run(self) -> None:
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
