import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from inference.compile.cast_first import cast_first
from inference.compile.graph import digest, properties, read_model, to_bytes
from inference.compile.tensorrt import Precision
from inference.serving.parse import parse_pbtxt
from infra.components.engine_build import EngineSource
from infra.components.model_store import ModelRepository


def engine_source(repository: ModelRepository, folder: Path) -> EngineSource:
    """What engines of the model in `repository` are built from; the graph is written into `folder`, under its digest.

    Raises `ValueError` for a model whose graph TensorRT does not take.
    """
    model = read_model(repository.files["embedder/1/model.onnx"])
    content = to_bytes(cast_first(model))
    return EngineSource(
        graph=_written(content, folder),
        digest=digest(content),
        precision=Precision(properties(model).get("precision", "fp32")),
        served=parse_pbtxt(repository.files["embedder/config.pbtxt"].read_text(encoding="utf-8")),
    )


def _written(content: bytes, folder: Path) -> Path:
    graph = folder / f"{digest(content)[:12]}.onnx"
    if not graph.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(content)
        os.replace(file.name, graph)  # noqa: PTH105 - whole or not at all, whoever else writes it
    return graph
