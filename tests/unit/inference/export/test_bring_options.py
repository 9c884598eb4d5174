"""What is asked is understood, or refused before anything is loaded; what the tutorial says can be asked."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from inference.export.bring.library import check_known
from inference.export.bring.options import read_options

REPOSITORY = Path(__file__).parents[4]
PAGE = REPOSITORY / "docs" / "tutorials" / "bring-your-own-model.md"
NEEDED = ["--library", "timm", "--architecture", "resnet50", "--weights", "w", "--photos", "p", "--out", "o"]


def commands() -> list[str]:
    text = re.sub(r"\\\n\s*", "", PAGE.read_text(encoding="utf-8"))
    return [
        line for line in text.splitlines() if "inference.export.bring " in line and line.startswith(("$ ", ".venv"))
    ]


def test_every_command_of_the_tutorial_is_understood() -> None:
    found = commands()
    assert {shlex.split(line)[shlex.split(line).index("--library") + 1] for line in found} >= {"open_clip", "timm"}
    for line in found:
        words = shlex.split(line)
        options = read_options(words[words.index("inference.export.bring") + 1 :])
        assert options.photos.name not in {"validation", "test"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--whitening", "1.5"], "must be a number from 0 to 1, is 1.5"),
        (["--whitening", "nan"], "must be a number from 0 to 1, is nan"),
        (["--aside", "0"], "must be a number above 0 and at most 0.5, is 0"),
        (["--std", "1", "0", "1"], "must be a number above 0, is 0"),
        (["--name", "My Model"], "'My Model' is no name"),
        (["--caption", "a photo"], "a caption has {category} in it"),
        (["--library", "keras"], "invalid choice: 'keras'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        read_options([*NEEDED, *more])
    assert said in capsys.readouterr().err


def test_an_unknown_architecture_is_told_its_nearest() -> None:
    names = ["ViT-B-16-SigLIP", "ViT-B-32", "RN50"]
    with pytest.raises(ValueError, match=r"open_clip has no architecture 'vit-b-16-siglp'; nearest: ViT-B-16-SigLIP"):
        check_known("vit-b-16-siglp", names, "open_clip")
    with pytest.raises(ValueError, match=r"no architecture 'hf-hub:a/b'$"):
        check_known("hf-hub:a/b", names, "open_clip")


def test_reading_options_loads_no_torch() -> None:
    code = "import sys, inference.export.bring.options; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0
