from collections.abc import Mapping
from dataclasses import dataclass

from inference.gate.contract import joined, made_up_pictures, numbers
from inference.gate.criteria import Value
from inference.gate.model import Answers, Model
from inference.gate.photos import Shown
from inference.gate.quality import Judged, judge
from inference.gate.speed import Speeds


@dataclass(frozen=True, slots=True)
class Finding:
    """One model, its answers to the photos, and what these are worth; `judged` is None where some are no numbers."""

    model: Model
    answers: Answers
    numbers: Mapping[str, Value]
    judged: Judged | None
    speeds: Speeds


def findings(models: tuple[Model, ...], shown: Shown, known: Shown | None, speeds: list[Speeds]) -> list[Finding]:
    """One a model, in the order of all the others; without `known` the photos search each other."""
    return [_finding(model, place, shown, known, speeds[place]) for place, model in enumerate(models)]


def _finding(model: Model, place: int, shown: Shown, known: Shown | None, speeds: Speeds) -> Finding:
    answers = shown.answers[place]
    catalogue = (known.answers[place], known.categories) if known else None
    everything = [model.run(made_up_pictures(model.side)), answers, *([catalogue[0]] if catalogue else [])]
    kept = numbers(joined(everything))
    judged = judge(model.known_facts, (answers, shown.categories), catalogue) if kept["finite"] == 1 else None
    return Finding(model, answers, kept, judged, speeds)
