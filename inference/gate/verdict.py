"""What the gate found out about one candidate, as it is kept beside the model: ``verdict.json``.

Shares, cosines and probabilities are 0..1, intervals cover 95 %, digests are SHA-256 in hexadecimal.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, computed_field

from inference.gate.criteria import Outcome
from lookalike.errors import InvalidRequestError


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Figure(_Record):
    """A mean over the queries, and its interval."""

    value: float
    low: float
    high: float


class Quality(_Record):
    """How good a model's answers are; accuracy's interval is Wilson's, the others' a bootstrap's over queries."""

    accuracy: Figure
    precision_at_10: Figure
    map: Figure
    colour_at_10: Figure
    """Likeness in colour to the first ten: a model that takes red for blue loses here, and hardly elsewhere."""
    ece: float
    neighbour_confidence: float
    """What is claimed for the first ten, on average; their true share is `precision_at_10`."""


class Losses(_Record):
    """Current minus candidate on the same queries; an interval around 0 says that they cannot be told apart."""

    accuracy: Figure
    precision_at_10: Figure
    map: Figure
    colour_at_10: Figure


class Parity(_Record):
    """Cosine of the two models' embeddings of one photo, over the photos; a hundredth of them lies below `p1`."""

    mean: float
    p1: float
    min: float


class Speed(_Record):
    """On this machine, by ONNX Runtime on the CPU."""

    p50_ms_alone: float
    photos_per_second_in_8: float


class SpeedRatio(_Record):
    """How many times as fast as the current model, both taking turns."""

    alone: float
    in_8: float


class Comparison(_Record):
    """Candidate against current, on the same photos; None is what a candidate that answers NaN leaves unknown."""

    losses: Losses | None
    ece_rise: float | None
    parity: Parity | None
    speed_ratio: SpeedRatio


class Measured(_Record):
    """A model; what could not be measured of a candidate that breaks its contract is None."""

    sha256: str
    bytes: int
    version: str | None
    quality: Quality | None = None
    speed: Speed | None = None


class PhotoSet(_Record):
    """Labelled photos; the digest names the bytes and names of all of them."""

    sha256: str
    photos: int


class Verdict(BaseModel):
    """All of it.

    `catalogue` is None where the photos searched each other, `comparison` where the candidate could not be shown any.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    schema_version: Literal[1] = 1
    candidate: Measured
    current: Measured
    photos: PhotoSet
    catalogue: PhotoSet | None
    comparison: Comparison | None
    criteria: tuple[Outcome, ...]
    runtime: dict[str, str]

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own order of decorators
    @property
    def passed(self) -> bool:
        """Whether every criterion did: always worked out, never read."""
        return bool(self.criteria) and all(outcome.passed for outcome in self.criteria)

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the criteria that refuse it."""
        return tuple(outcome.name for outcome in self.criteria if not outcome.passed)

    def write(self, path: Path) -> None:
        """As JSON. Raises `InvalidRequestError` where the file cannot be written."""
        try:
            path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise InvalidRequestError("json", f"{path} cannot be written: {error.strerror}") from error

    @classmethod
    def read(cls, path: Path) -> "Verdict":
        """What `write` wrote. Raises `InvalidRequestError` for anything else."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise InvalidRequestError("verdict", f"{path} is no verdict of the gate") from error
