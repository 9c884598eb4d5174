"""Every command and every Python example in the documents is run, in the order in which a reader meets it."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(REPOSITORY)
    for path in [
        *REPOSITORY.glob("*.md"),
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "model_repo").rglob("*.md"),
    ]
)
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

RUN_BY_CI = {"make demo": "make demo SERVE=0", "make test": "make test", "make lint": "make lint"}
"""Commands that .ci/run runs itself, and how: a test that ran `make test` would never end."""

SHORTENED = {
    "make bench": "python -m tests.bench.bench_search --photos 40 --queries 20",
    "make rehearse": "make -n rehearse",  # tests/rehearsal/test_flow.py goes the same way
    "make train": "make -n train",
    "make lock": "make -n lock",
    "make clean": "make -n clean",
}
"""Commands that take long or undo others, and what is run in their place."""

ADDED = {
    "--precision int8": "--calibrate 10 --choose 2 --judge 4 --exclusions 0 --cosine 0.9",
    "--precision tensorrt": "--recipe-only",
    "lookalike-model gate": "--rounds 2",
}
"""Options that make a command of a few minutes, or one that needs a GPU, one of seconds."""


def examples(page: Path) -> list[tuple[str, str]]:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = []
    for kind, body in BLOCK.findall(text):
        if kind == "python":
            found.append(("python", body))
        else:
            found += [
                ("console", line[2:]) for line in re.sub(r"\\\n\s*", "", body).splitlines() if line.startswith("$ ")
            ]
    return found


def shortened(text: str) -> str:
    more = (options for command, options in ADDED.items() if command in text)
    return SHORTENED.get(text, " ".join([text, *more]))


@pytest.fixture
def checkout(tmp_path: Path, clothing: Path) -> Path:
    """A place that looks like the checkout, where a page's commands may leave what they make."""
    root = tmp_path / "lookalike"
    root.mkdir()
    for entry in REPOSITORY.iterdir():
        if entry.name not in {"demo", "shop", "build", ".git"}:
            (root / entry.name).symlink_to(entry)
    (tmp_path / "shared").symlink_to(clothing.parents[1])
    return root


def run(kind: str, text: str, root: Path) -> None:
    environment = os.environ | {
        "PATH": f"{REPOSITORY / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-c", text] if kind == "python" else ["bash", "-euo", "pipefail", "-c", text]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def serve(text: str, root: Path) -> None:
    """A server is up once it says where; then it is told to stop and must end well."""
    command = ["bash", "-c", f"exec {text} --port 0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        deadline = time.monotonic() + 60
        while "http://127.0.0.1:" not in (line := process.stdout.readline()):
            assert process.poll() is None, line
            assert time.monotonic() < deadline
        process.terminate()
        process.stdout.read()
        assert process.wait(timeout=30) in (0, -15, 143)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=str)
def test_page(page: Path, checkout: Path) -> None:
    ci = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for kind, text in examples(page):
        if text in RUN_BY_CI:
            assert RUN_BY_CI[text] in ci, f"{page} tells readers to run `{text}`, which CI does not"
        elif "lookalike serve" in text:
            serve(text, checkout)
        else:
            run(kind, shortened(text), checkout)


def test_readme_names_the_two_commands() -> None:
    assert {"make demo", "make test"} <= {text for _, text in examples(Path("README.md"))}
