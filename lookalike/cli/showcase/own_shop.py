from collections.abc import Iterator
from hashlib import sha256
from heapq import nsmallest
from pathlib import Path
from typing import Final

from lookalike.cli.showcase.shop import NO_CATEGORY, Shop, UnseenFile
from lookalike.cli.sources import Entry, Source, SourceOptions, open_source
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import NewPhoto

_SHARE: Final = 10
_FEWEST: Final = 2


def own_shop(photos: Path, folder: Path, asked: int) -> Shop:
    """The user's photos as a shop in `folder`; one in ten, at most `asked`, is kept aside to ask with.

    Which ones follows from a hash of their places, so that a second run keeps the same ones aside. The first folder
    below `photos` names the category. Raises `InvalidRequestError` for fewer than two photos.
    """
    source = open_source(photos, SourceOptions(category=NO_CATEGORY, category_from_folder=True))
    total = source.total() or 0
    if total < _FEWEST:
        raise InvalidRequestError("photos", f"{photos} has {total} photos, at least {_FEWEST} are needed")
    most = max(1, min(asked, total // _SHARE))
    aside = nsmallest(most, (entry for entry in source.entries() if isinstance(entry, NewPhoto)), key=_lot)
    names = frozenset(entry.source for entry in aside)
    # A folder of their own: what another set of photos left behind is not mixed in.
    place = folder / f"photos-{sha256(str(photos.resolve()).encode()).hexdigest()[:8]}"
    return Shop(place / "catalogue", total - len(names), lambda: _others(source, names), _questions(aside))


def _lot(entry: NewPhoto) -> str:
    return sha256(entry.source.encode("utf-8", "surrogatepass")).hexdigest()


def _others(source: Source, aside: frozenset[str]) -> Iterator[Entry]:
    return (entry for entry in source.entries() if entry.source not in aside)


def _questions(aside: list[NewPhoto]) -> tuple[UnseenFile, ...]:
    paths = ((entry, entry.content) for entry in aside)
    return tuple(
        UnseenFile(path, e.source, e.item.category or NO_CATEGORY) for e, path in paths if isinstance(path, Path)
    )
