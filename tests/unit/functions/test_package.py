import zipfile
from pathlib import Path
from typing import get_args

from functions.package import PLATFORMS, PYTHON, REQUIRED, ROOT, write_zip
from infra.components.lambda_function import RUNTIME
from infra.config.functions import Architecture


def test_packages_are_for_the_machine_that_the_program_declares() -> None:
    assert f"python{PYTHON}" == RUNTIME
    assert set(PLATFORMS) == set(get_args(Architecture))
    assert [PLATFORMS[name].partition("-")[0] for name in ("arm64", "x86_64")] == ["aarch64", "x86_64"]


def test_there_is_one_for_each_function() -> None:
    assert set(REQUIRED) == {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}


def test_equal_contents_give_equal_bytes(tmp_path: Path) -> None:
    made = []
    for number, order in enumerate((["b", "a"], ["a", "b"])):
        folder = tmp_path / str(number)
        (folder / "package").mkdir(parents=True)
        for name in order:
            (folder / "package" / f"{name}.py").write_text(f"{name} = 1\n")
        target = tmp_path / f"{number}.zip"
        assert write_zip(folder, target) == target.stat().st_size
        made.append(target.read_bytes())
        with zipfile.ZipFile(target) as archive:
            assert archive.namelist() == ["package/a.py", "package/b.py"]
    assert made[0] == made[1]
