import shutil
from pathlib import Path

from inference.serving.generate import ConfigGenerator
from inference.serving.repositories import cpu_spec, with_imports_aside
from inference.serving.spec import ModelSpec
from lookalike.adapters.embedded.embedder import OnnxEmbedder

_PYTHON_MODEL = Path(__file__).with_name("python_model.py")


def assemble_cpu(model: Path, repository: Path, *specs: ModelSpec) -> Path:
    """Write a repository that Triton's Python backend serves: configurations, code, and the weights at `model`.

    `specs` are the model's `cpu_spec`, imports aside, unless given.
    """
    for spec in specs or with_imports_aside(cpu_spec(OnnxEmbedder(model, threads=1).facts)):
        version = repository / spec.name / "1"
        version.mkdir(parents=True, exist_ok=True)
        (repository / spec.name / "config.pbtxt").write_text(ConfigGenerator(spec).to_pbtxt(), encoding="utf-8")
        shutil.copyfile(_PYTHON_MODEL, version / "model.py")
        shutil.copyfile(model, version / "model.onnx")
    return repository
