import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from lookalike.cli.progress import Advance
from lookalike.cli.showcase.shop import Shop, UnseenFile
from lookalike.cli.sources import Entry
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.ports.catalogue import NewPhoto
from lookalike.sample import SampleGarment, UnseenPhoto, draw_catalogue, draw_unseen

SEED: Final = 7
_IN_HAND: Final = 64
"""Drawings handed to the processes at a time, so that a large shop is not all in memory."""
_Drawable = SampleGarment | UnseenPhoto


def drawn_shop(folder: Path, count: int, asked: int) -> tuple[Shop, "Drawing"]:
    """A shop of `count` garments in `folder`, `asked` photos to ask with, and the drawing that has to be done first.

    What an earlier run drew is there already.
    """
    garments = list(draw_catalogue(count, SEED))
    photos = [folder / "photos" / f"{garment.item_id}.jpg" for garment in garments]
    unseen = list(draw_unseen(garments, asked, SEED))
    files = [folder / "unseen" / f"{at:04d}.jpg" for at in range(len(unseen))]

    def entries() -> Iterator[Entry]:
        for garment, path in zip(garments, photos, strict=True):
            yield NewPhoto(_item(garment), path, path.name)

    questions = tuple(_question(photo, path) for photo, path in zip(unseen, files, strict=True))
    work: list[tuple[_Drawable, Path]] = [*zip(garments, photos, strict=True), *zip(unseen, files, strict=True)]
    return Shop(folder / "catalogue", count, entries, questions), Drawing(work)


class Drawing:
    """Draws what is not there yet, on every core."""

    def __init__(self, work: Sequence[tuple[_Drawable, Path]]) -> None:
        self._missing = [(subject, path) for subject, path in work if not path.exists()]

    def __len__(self) -> int:
        return len(self._missing)

    def __call__(self, advance: Advance) -> None:
        """Write the missing files, each whole or not at all."""
        if not self._missing:
            return
        for _, path in self._missing:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Processes, because drawing holds the interpreter's lock; spawned, because a fork copies others' locks.
        with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_leave_ctrl_c_to_the_parent) as pool:
            for done, photo in enumerate(_in_order(pool.map, self._missing)):
                _write(self._missing[done][1], photo)
                advance(done + 1, f"{done + 1} of {len(self._missing)} photos")


def _in_order(spread: Callable[..., Iterator[bytes]], work: Sequence[tuple[_Drawable, Path]]) -> Iterator[bytes]:
    for start in range(0, len(work), _IN_HAND):
        yield from spread(_draw, [subject for subject, _ in work[start : start + _IN_HAND]], chunksize=4)


def _draw(subject: _Drawable) -> bytes:
    return subject.photo()


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write(path: Path, photo: bytes) -> None:
    half = path.with_suffix(".part")
    half.write_bytes(photo)
    half.replace(path)


def _item(garment: SampleGarment) -> Item:
    return Item(
        id=ItemId(garment.item_id),
        category=garment.category,
        title=garment.title,
        labels=frozenset(map(Label.parse, garment.labels)),
        attributes=garment.attributes,
    )


def _question(photo: UnseenPhoto, path: Path) -> UnseenFile:
    of = ItemId(photo.item_id) if photo.same_garment else None
    return UnseenFile(path, photo.title, photo.category, frozenset(map(Label.parse, photo.labels)), of)
