from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId

AT_ONCE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Pointer:
    """Names the upload a step has to do with; pixels never travel in a message."""

    catalogue: CatalogueId
    upload: UploadId


class WorkQueue(Protocol):
    """Hands uploads to the next step, at least once each."""

    def send_many(self, pointers: Sequence[Pointer], *, delay: timedelta = AT_ONCE) -> None:
        """Accept all of them durably, or raise `UnavailableError`: sending again is always safe.

        They are handed out once `delay`, whole seconds up to 15 minutes, has passed.
        """
        ...
