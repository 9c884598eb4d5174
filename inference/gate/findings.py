from collections.abc import Mapping
from dataclasses import dataclass

from inference.gate.contract import Trial, numbers
from inference.gate.criteria import Value
from inference.gate.model import Answers, Model, joined
from inference.gate.photos import Labelled
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

    @classmethod
    def of(cls, model: Model, trial: Trial, queries: Labelled, catalogue: Labelled | None, speeds: Speeds) -> "Finding":
        """Numbers are held against all that it answered to anything."""
        all_of_it = [trial.alone, queries.answers, catalogue.answers if catalogue else None]
        kept = numbers(joined([answers for answers in all_of_it if answers]))
        judged = judge(model.known_facts, queries, catalogue) if kept["finite"] == 1 else None
        return cls(model, queries.answers, kept, judged, speeds)
