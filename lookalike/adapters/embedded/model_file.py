from importlib.resources import files
from pathlib import Path

from lookalike.errors import NotFoundError


def find_model(package: Path | None = None) -> Path:
    """The model that comes with Lookalike: in the installed `package`, or in a checkout's model repository.

    Raises `NotFoundError`, saying where it was looked for.
    """
    package = package or Path(str(files("lookalike")))
    places = (package / "models" / "embedder.onnx", package.parent / "model_repo_cpu" / "embedder" / "1" / "model.onnx")
    for place in places:
        if place.is_file():
            return place
    looked = " nor ".join(map(str, places))
    raise NotFoundError(f"there is no model at {looked}: reinstall lookalike, or run `python -m inference.export`")
