from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a damage: `found` and left as it is, `repaired`, or `lost` for good."""

    FOUND = "found"
    REPAIRED = "repaired"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing in a catalogue that is not as it should be.

    `kind` is a short fixed text (``entry``, ``labels``, ``original``, …), `subject` names what is damaged, `detail`
    is a sentence for whoever repairs it.
    """

    kind: str
    subject: str
    detail: str
    outcome: Outcome = Outcome.FOUND
