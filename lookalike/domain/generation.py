from dataclasses import dataclass
from datetime import datetime

from lookalike.domain.embedding import ModelVersion


@dataclass(frozen=True, slots=True)
class IndexGeneration:
    """One build of the vector index for one model; readers see the one that is `live`.

    `entries` counts (item, photo) pairs.
    """

    number: int
    model: ModelVersion
    live: bool
    entries: int
    created_at: datetime
