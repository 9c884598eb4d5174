from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId


@dataclass(frozen=True, slots=True)
class Pointer:
    """Names the upload a step has to do with; pixels never travel in a message."""

    catalogue: CatalogueId
    upload: UploadId


class WorkQueue(Protocol):
    """Hands uploads to the next step, at least once each."""

    def send_many(self, pointers: Sequence[Pointer]) -> None:
        """Accept all of them durably, or raise `UnavailableError`: sending again is always safe."""
        ...
