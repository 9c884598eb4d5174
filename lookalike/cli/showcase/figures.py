from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from lookalike.cli.showcase.ask import Answer, K
from lookalike.cli.showcase.shop import NO_CATEGORY
from lookalike.domain.label import Label
from lookalike.services.metrics import Percentiles, mean, precision_at_k

_STAGES: Final = ("decode", "embed", "search", "describe", "total")


def figures(answers: Sequence[Answer]) -> dict[str, Any]:
    """How good and how fast the answers were; each share in [0, 1], times in milliseconds.

    `precision_at_10` counts neighbours of the photo's category; it is None where no photo has one. `agreement` is, by
    facet, the share of neighbours with the very label the photo has. `same_garment` is how often the very garment in
    the photo was found.
    """
    judged = [answer for answer in answers if answer.photo.category != NO_CATEGORY]
    categories = sorted({answer.photo.category for answer in judged})
    return {
        "searches": len(answers),
        "precision_at_10": _precision(judged) if judged else None,
        "by_category": {name: _precision([a for a in judged if a.photo.category == name]) for name in categories},
        "agreement": _agreement(answers),
        "same_garment": _same_garment(answers),
        "stages_ms": {name: _percentiles(answers, name) for name in _STAGES},
    }


def _precision(answers: Sequence[Answer]) -> float:
    relevant = [[n.item.category == answer.photo.category for n in answer.neighbours] for answer in answers]
    return round(mean([precision_at_k(one, K) for one in relevant]), 4)


def _agreement(answers: Sequence[Answer]) -> dict[str, float]:
    asked = [(label, answer) for answer in answers for label in answer.photo.labels]
    facets = sorted({label.facet for label, _ in asked})
    return {name: round(mean([_share(one, a) for one, a in asked if one.facet == name]), 4) for name in facets}


def _share(label: Label, answer: Answer) -> float:
    return mean([float(label in neighbour.item.labels) for neighbour in answer.neighbours])


def _same_garment(answers: Sequence[Answer]) -> dict[str, Any]:
    known = [(a.photo.of, [n.item.id for n in a.neighbours]) for a in answers if a.photo.of is not None]
    return {
        "photos": len(known),
        "found_first": round(mean([float(found[:1] == [of]) for of, found in known]), 4),
        "found_in_10": round(mean([float(of in found) for of, found in known]), 4),
    }


def _percentiles(answers: Sequence[Answer], stage: str) -> dict[str, float]:
    times = [answer.total_ms if stage == "total" else answer.result.stages_ms.get(stage, 0.0) for answer in answers]
    return {name: round(value, 2) for name, value in asdict(Percentiles.of(times)).items()}
