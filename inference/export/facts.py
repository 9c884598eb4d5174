"""What a served model says of itself, as metadata of its file."""

from __future__ import annotations

import json

from inference.train.calibrate import Calibration
from lookalike.imaging.prepare import PREPARATION_VERSION


def facts(name: str, calibration: Calibration, side: int) -> dict[str, str]:
    """What the product's readers need (`lookalike.ports.embedder.ModelFacts`); `side` is the photo's in pixels."""
    return {
        "name": name,
        "preparation": PREPARATION_VERSION,
        "input_size": str(side),
        "categories": json.dumps(calibration.categories),
        "similarity_slope": f"{calibration.similarity_slope:.6f}",
        "similarity_intercept": f"{calibration.similarity_intercept:.6f}",
    }
