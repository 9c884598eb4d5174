from pathlib import Path
from typing import Final

from inference.serving.generate import ConfigGenerator
from inference.serving.repositories import NAME, cloud_cpu_spec, cpu_spec, gpu_spec
from lookalike.adapters.embedded.embedder import OnnxEmbedder

_ROOT: Final = Path(__file__).parents[2]
MODEL: Final = _ROOT / "model_repo" / NAME / "1" / "model.onnx"


def configurations() -> dict[Path, str]:
    """The files kept in version control and what the spec makes of the shipped model for each."""
    facts = OnnxEmbedder(MODEL, threads=1).facts
    specs = {
        "model_repo": gpu_spec(facts),
        "model_repo_cpu": cpu_spec(facts),
        "model_repo_cloud_cpu": cloud_cpu_spec(facts),
    }
    return {_ROOT / room / NAME / "config.pbtxt": ConfigGenerator(spec).to_pbtxt() for room, spec in specs.items()}
