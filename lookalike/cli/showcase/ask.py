from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from lookalike.cli.showcase.shop import UnseenFile
from lookalike.domain.neighbour import Neighbour, Reason, SearchResult
from lookalike.domain.query import ByPhoto, Query
from lookalike.errors import PhotoRejectedError
from lookalike.ports.catalogue import Catalogue

K: Final = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a photo that the shop had not seen, and the milliseconds from end to end."""

    photo: UnseenFile
    result: SearchResult
    total_ms: float

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """Those found that do not show the very bytes asked with: finding those proves nothing."""
        return tuple(n for n in self.result.neighbours if n.reason is not Reason.EXACT)[:K]


def ask(catalogue: Catalogue, photos: Iterable[UnseenFile]) -> Iterator[Answer | tuple[UnseenFile, str]]:
    """Search with each photo; one that cannot be used comes back with the reason."""
    for photo in photos:
        try:
            data = photo.path.read_bytes()
            start = perf_counter()
            result = catalogue.search(Query(ByPhoto(data), k=K + 1))
            yield Answer(photo, result, (perf_counter() - start) * 1000)
        except (PhotoRejectedError, OSError) as error:
            yield photo, str(error)
