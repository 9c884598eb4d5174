import os
import subprocess
import sys
from pathlib import Path

SEARCHING = """
from lookalike.connect import connect
with connect("memory:") as catalogue:
    print(catalogue.embed.embedder.facts.version)
"""


def test_the_model_runtime_reports_to_nobody(tmp_path: Path) -> None:
    # Its reports wait in the user's cache until they are sent. It is silent under pytest and CI, so these stay unnamed.
    places = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", SEARCHING], env=places, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("embedder")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
