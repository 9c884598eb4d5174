"""PyTorch: the model captured as a CUDA graph, its kernels PyTorch's own or fused by its compiler."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from onnx import ModelProto

from inference.bench.gpu.in_torch import to_torch
from inference.bench.gpu.measure import Clock, timed
from inference.bench.gpu.way import Arithmetic, Floats, NotBroughtError, Photos
from inference.compile.halve import halve

_WARM_UP = 3  # torch.cuda.graph's own advice


@dataclass(frozen=True, slots=True)
class CudaGraph:
    """PyTorch's kernels, or with `fused` those that its compiler makes of several (which takes it a minute a shape)."""

    fused: bool
    arithmetics: Sequence[Arithmetic] = tuple(Arithmetic)

    @property
    def name(self) -> str:
        """With PyTorch's version."""
        return f"PyTorch {torch.__version__}, {'compiled, ' if self.fused else ''}CUDA graph"

    def load(self, model: ModelProto, arithmetic: Arithmetic, photos: Photos) -> "_Captured":
        """See `Way`. In INT8 convolutions of one pixel are, all else is FP16. Raises `NotBroughtError`."""
        _allow_tf32(arithmetic is Arithmetic.TF32)
        network: Any = network_in(model, arithmetic).cuda()
        if self.fused:
            torch.compiler.reset()  # what was compiled for other sizes counts towards its limit
            network = torch.compile(network, fullgraph=True, dynamic=False)
        return _Captured(network, photos, time.perf_counter)


def network_in(model: ModelProto, arithmetic: Arithmetic) -> torch.fx.GraphModule:
    """The graph in those numbers, on the processor. Raises `NotBroughtError` where its integers are not PyTorch's."""
    if arithmetic in {Arithmetic.FP32, Arithmetic.TF32}:
        return to_torch(model)
    network = to_torch(halve(model))
    if arithmetic is Arithmetic.INT8 and not network.integer_convolutions:
        raise NotBroughtError("PyTorch multiplies symmetric integers only: compile the model with --integers s8s8")
    return network


def bring(*, fused: bool) -> CudaGraph:
    """Raises `NotBroughtError` without a GPU that PyTorch sees."""
    if not torch.cuda.is_available():
        raise NotBroughtError(f"PyTorch {torch.__version__} sees no GPU")
    return CudaGraph(fused)


def _allow_tf32(allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed
    torch.backends.cudnn.benchmark = True  # the quickest of its algorithms for each shape


class _Captured:
    def __init__(self, network: Any, photos: Photos, clock: Clock) -> None:
        self._clock = clock
        self._network = network  # the graph reads its weights, and keeps none of them
        self._given = torch.from_numpy(photos).pin_memory()
        self._photos = self._given.cuda()
        self._graph = torch.cuda.CUDAGraph()
        with torch.inference_mode():
            _warm_up(network, self._photos)
            with torch.cuda.graph(self._graph):
                self._embeddings, self._categories = network(self._photos)
        self._found = torch.empty_like(self._embeddings, device="cpu").pin_memory()

    def answer(self) -> Floats:
        with torch.inference_mode():
            self._photos.copy_(self._given, non_blocking=True)
            self._graph.replay()
            self._found.copy_(self._embeddings, non_blocking=True)
            torch.cuda.current_stream().synchronize()
        found: Floats = self._found.numpy().copy()
        return found

    def milliseconds(self, times: int) -> float:
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        began.record()
        for _ in range(times):
            self._graph.replay()
        ended.record()
        ended.synchronize()
        return float(began.elapsed_time(ended))

    def latencies(self, times: int) -> Sequence[float]:
        return timed(self.answer, times, self._clock)


def _warm_up(network: Any, photos: torch.Tensor) -> None:
    """Choose algorithms, compile, take memory: none of it may happen while a graph is captured."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_WARM_UP):
            network(photos)
    torch.cuda.current_stream().wait_stream(aside)
