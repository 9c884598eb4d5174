from pathlib import Path
from typing import Final

from inference.serving.generate import ConfigGenerator
from inference.serving.repositories import LITE, NAME, cloud_cpu_spec, cpu_spec, gpu_spec, with_imports_aside
from lookalike.adapters.embedded.embedder import OnnxEmbedder

_ROOT: Final = Path(__file__).parents[2]
MODEL: Final = _ROOT / "model_repo" / NAME / "1" / "model.onnx"
"""FP16: for GPUs, and what others are compiled from (`inference.compile.restore`)."""
CPU_MODEL: Final = _ROOT / "model_repo_cpu" / NAME / "1" / "model.onnx"
"""INT8."""
LITE_MODEL: Final = _ROOT / "model_repo_cpu" / LITE / "1" / "model.onnx"


def configurations() -> dict[Path, str]:
    """The files kept in version control and what the spec makes of the shipped models for each."""
    gpu, cpu, lite = (OnnxEmbedder(model, threads=1).facts for model in (MODEL, CPU_MODEL, LITE_MODEL))
    specs = (
        ("model_repo", gpu_spec(gpu)),
        *(("model_repo_cpu", spec) for spec in with_imports_aside(cpu_spec(cpu))),
        ("model_repo_cpu", cpu_spec(lite, name=LITE)),
        ("model_repo_cloud_cpu", cloud_cpu_spec(cpu)),
    )
    return {_ROOT / room / spec.name / "config.pbtxt": ConfigGenerator(spec).to_pbtxt() for room, spec in specs}
