"""How a finished run does on the photos kept aside, searching those it was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.measure.metrics import Seen, accuracy, retrieve


def score(
    aside: Seen, known: Seen, aside_features: NDArray[np.float32], known_features: NDArray[np.float32]
) -> dict[str, float]:
    """Accuracy, precision@10 and mAP of the embedding, and `kept`: their share of the full-width features' score.

    The embedding is a projection of the features [n, 1280]; `kept` says what
    the narrower vector costs (below 1) or gains.
    """
    embedding = _scores(aside, known)
    features = _scores(_of(aside, aside_features), _of(known, known_features))
    return {
        "accuracy": accuracy(aside.scores, aside.labels),
        **embedding,
        **{f"features_{name}": score for name, score in features.items()},
        **{f"kept_{name}": score / features[name] for name, score in embedding.items()},
    }


def score_across(aside: Seen, teachers_known: Seen) -> dict[str, float]:
    """The same for queries of this run's network in a catalogue that its teacher embedded.

    As good as in its own catalogue where the two share one embedding space.
    """
    return {f"in_teachers_catalogue_{name}": value for name, value in _scores(aside, teachers_known).items()}


def _of(seen: Seen, features: NDArray[np.float32]) -> Seen:
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    return Seen(np.asarray(unit, np.float32), seen.scores, seen.labels)


def _scores(queries: Seen, catalogue: Seen) -> dict[str, float]:
    found = retrieve(queries, catalogue)
    return {
        "precision_at_10": float(found.precision_at_10.mean()),
        "map": float(found.average_precision.mean()),
    }
