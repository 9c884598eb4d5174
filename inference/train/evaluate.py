"""Measure a served model on labelled photos it was not trained on, searching a catalogue it knows.

`python -m inference.train.evaluate --model FILE --catalogue DIR --queries DIR` prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.measure.colour import colour_signatures
from inference.measure.intervals import Interval, bootstrap_interval, wilson_interval
from inference.measure.metrics import (
    Seen,
    accuracy,
    colour_agreement_at_10,
    confusions,
    expected_calibration_error,
    neighbour_confidence,
    retrieve,
)
from inference.train.dataset import LabelledPhotos, read_photos
from lookalike.adapters.embedded.silent_onnxruntime import ort

_BATCH = 32


def main() -> None:
    """Print accuracy, precision@10 and mAP, overall and by category, and how calibrated both scores are."""
    parser = argparse.ArgumentParser(prog="python -m inference.train.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--catalogue", type=Path, required=True, help="folder of <category>/<photo>")
    parser.add_argument("--queries", type=Path, required=True, help="folder of <category>/<photo>")
    parser.add_argument("--indexed-by", type=Path, metavar="FILE", help="another model that embedded the catalogue")
    parser.add_argument("--cache", type=Path, default=Path(".cache/photos"))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    session = _open(options.model, options.threads)
    indexer = _open(options.indexed_by, options.threads) if options.indexed_by else session
    categories = tuple(json.loads(session.get_modelmeta().custom_metadata_map["categories"]))
    catalogue = read_photos(options.catalogue, _side(indexer), options.cache)
    queries = read_photos(options.queries, _side(session), options.cache)
    try:  # folders may lack some of the model's categories, but have no others
        numbered = [photos.numbered_by(categories) for photos in (catalogue, queries)]
    except ValueError as error:
        parser.error(str(error))
    print(json.dumps(evaluate(session, indexer, *numbered), indent=2))


def evaluate(
    session: ort.InferenceSession, indexer: ort.InferenceSession, catalogue: LabelledPhotos, queries: LabelledPhotos
) -> dict[str, object]:
    """All figures of one model, in a catalogue that `indexer` embedded; keys are stable.

    Both numbered by the model's categories; of those that no query is of there are no figures.
    `unseen_catalogue` lets the queries search each other: small, but as new to the model as a shop's own.
    """
    seen, known = _see(session, queries), _see(indexer, catalogue)
    found = retrieve(seen, known)
    right = int((seen.scores.argmax(axis=1) == seen.labels).sum())
    colours = colour_agreement_at_10(
        seen, known, colour_signatures(queries.pixels), colour_signatures(catalogue.pixels)
    )
    properties = session.get_modelmeta().custom_metadata_map
    line = float(properties["similarity_slope"]), float(properties["similarity_intercept"])
    return {
        "queries": len(queries),
        "catalogue": len(catalogue),
        "precision_at_10": round(float(found.precision_at_10.mean()), 4),
        "map": round(float(found.average_precision.mean()), 4),
        "accuracy": round(accuracy(seen.scores, seen.labels), 4),
        "95_in_100": {
            "precision_at_10": _rounded(bootstrap_interval(found.precision_at_10)),
            "map": _rounded(bootstrap_interval(found.average_precision)),
            "accuracy": _rounded(wilson_interval(right, len(queries))),
        },
        "ece": round(expected_calibration_error(seen.scores, seen.labels), 4),
        "neighbour_confidence": _confidence(seen, known, line),
        "unseen_catalogue": {
            "precision_at_10": round(float(retrieve(seen, seen).precision_at_10.mean()), 4),
            "neighbour_confidence": _confidence(seen, seen, line),
        },
        "colour": {"first_10": round(colours[0], 4), "category": round(colours[1], 4)},
        "by_category": {
            name: _figures(seen, found.precision_at_10, found.average_precision, label)
            for label, name in enumerate(queries.categories)
            if (seen.labels == label).any()
        },
        "confusions": confusions(seen, queries.categories),
    }


def _confidence(queries: Seen, catalogue: Seen, line: tuple[float, float]) -> dict[str, float]:
    claimed, true = neighbour_confidence(queries, catalogue, line)
    return {"claimed": round(claimed, 4), "true": round(true, 4)}


def _figures(seen: Seen, precision: NDArray[np.float64], average: NDArray[np.float64], label: int) -> dict[str, float]:
    of = seen.labels == label
    return {
        "queries": int(of.sum()),
        "precision_at_10": round(float(precision[of].mean()), 4),
        "map": round(float(average[of].mean()), 4),
        "accuracy": round(accuracy(seen.scores[of], seen.labels[of]), 4),
    }


def _open(model: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _rounded(interval: Interval) -> list[float]:
    return [round(end, 4) for end in interval]


def _side(session: ort.InferenceSession) -> int:
    return int(session.get_modelmeta().custom_metadata_map["input_size"])


def _see(session: ort.InferenceSession, photos: LabelledPhotos) -> Seen:
    parts = [
        session.run(["EMBEDDING", "CATEGORY"], {"PHOTO": photos.pixels[i : i + _BATCH]})
        for i in range(0, len(photos), _BATCH)
    ]
    embeddings, categories = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Seen(embeddings, categories, photos.labels)


if __name__ == "__main__":
    main()
