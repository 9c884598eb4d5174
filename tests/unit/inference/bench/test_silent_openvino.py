import os
import subprocess
import sys
from pathlib import Path

ASKING = """
from inference.bench.in_process import by_openvino
from lookalike.adapters.embedded.model_file import find_model
import numpy as np
print(by_openvino(find_model(), threads=1)(np.zeros((1, 224, 224, 3), np.uint8)).shape)
"""


def test_openvino_reports_to_nobody(tmp_path: Path) -> None:
    """It would keep an identifier in the user's home, as it is imported. It is silent in CI, so that stays unnamed."""
    places = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", ASKING], env=places, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("(1, 256)")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
