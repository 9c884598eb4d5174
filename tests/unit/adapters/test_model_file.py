from pathlib import Path

import pytest

from lookalike.adapters.embedded.model_file import find_model
from lookalike.errors import NotFoundError


def test_the_package_comes_first_then_the_checkout(tmp_path: Path) -> None:
    package = tmp_path / "lookalike"
    shipped = package / "models" / "embedder.onnx"
    built = tmp_path / "model_repo_cpu" / "embedder" / "1" / "model.onnx"
    with pytest.raises(NotFoundError, match=r"embedder\.onnx.*model\.onnx.*reinstall"):
        find_model(package)
    for place in (built, shipped):
        place.parent.mkdir(parents=True)
        place.write_bytes(b"")
        assert find_model(package) == place
