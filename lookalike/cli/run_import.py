from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from rich.console import Console

from lookalike.cli.named import Named
from lookalike.cli.progress import Advance, progress
from lookalike.cli.sources import BadEntry, Described, Entry, Skipped, Source
from lookalike.cli.tally import Tally
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import UploadStatus
from lookalike.errors import InvalidRequestError, NotFoundError
from lookalike.ports.catalogue import Imported, NewPhoto

_BATCH: Final = 64
_AT_ONCE: Final = 6


class Target(Protocol):
    """What an import needs of a catalogue."""

    def put_items(self, items: Sequence[Item]) -> None:
        """As `Catalogue` has it; so are the others."""
        ...

    def update_items(self, patches: Sequence[ItemPatch]) -> list[ItemId]: ...  # noqa: D102

    def get_item(self, item: ItemId) -> Item: ...  # noqa: D102

    def list_items(self, after: ItemId | None = None, limit: int = 100) -> list[Item]: ...  # noqa: D102

    def remove_items(self, items: Sequence[ItemId]) -> list[ItemId]: ...  # noqa: D102

    def remove_photos(self, photos: Sequence[tuple[ItemId, PhotoId]]) -> list[tuple[ItemId, PhotoId]]: ...  # noqa: D102

    def import_photos(self, photos: Iterable[NewPhoto]) -> Iterator[Imported]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Rules:
    """What the entries of a source mean."""

    category: str | None = None
    """Of new items that name none."""
    replace: bool = False
    """Whether an entry says everything of its item, so that what it does not name is cleared."""
    one_photo: bool = False
    """Whether each photo is an item of its own: another photo of that item is another thing, or was replaced."""
    replaces_photos: bool = False
    """Whether, of items with one photo, it is taken to be replaced."""
    scope: str | None = None
    """The category that all items of the source have, where it has no others."""


@dataclass(slots=True)
class _Reader:
    """Reads a source: gives its photos out to be imported and settles the other entries itself."""

    catalogue: Target
    source: Source
    tally: Tally
    named: Named
    rules: Rules
    stopped: bool = False

    def photos(self) -> Iterator[NewPhoto]:
        """The photos to bring in, until `stopped`."""
        entries = self.source.entries()
        while not self.stopped and (batch := list(islice(entries, _BATCH))):
            known = self._known(batch)
            for entry in batch:
                ready = self._ready(entry, known)
                if self.stopped:
                    return
                if isinstance(ready, NewPhoto):
                    yield ready
                elif not isinstance(ready, Described):
                    self.settle(ready)
            self._describe([entry for entry in batch if isinstance(entry, Described)], known)

    def settle(self, settled: Imported | Described | BadEntry | Skipped) -> None:
        """Count an entry and take note of what it names."""
        self.tally.add(settled)
        match settled:
            case Imported(photo, upload):
                if upload is not None and upload.photo is not None and upload.status is UploadStatus.INDEXED:
                    self.named.came(photo.item.id, upload.photo)
                else:
                    self.named.went_wrong(photo.item.id)
            case Described(patch):
                self.named.written(patch.id)
            case BadEntry(_, _, item):
                self.named.went_wrong(item)

    def _known(self, batch: Sequence[Entry]) -> dict[ItemId, Item]:
        """What the catalogue has of the items whose photos come in, and of others where that must be known."""
        items = {entry.item.id for entry in batch if isinstance(entry, NewPhoto)}
        if self.rules.replace:
            items |= {entry.patch.id for entry in batch if isinstance(entry, Described)}
        with ThreadPoolExecutor(_AT_ONCE, "look") as pool:
            return {item.id: item for item in pool.map(partial(find_item, self.catalogue), items) if item is not None}

    def _ready(self, entry: Entry, known: dict[ItemId, Item]) -> Entry:
        if not isinstance(entry, NewPhoto):
            return entry
        there = known.get(entry.item.id)
        first = self.named.add(entry.item.id, there)
        try:
            if self.rules.one_photo:
                self._check_is_the_one(entry, there, first=first)
            return replace(entry, item=self._meant(entry.item, there))
        except (InvalidRequestError, OSError) as error:
            return BadEntry(entry.source, str(error), entry.item.id)

    def _check_is_the_one(self, entry: NewPhoto, there: Item | None, *, first: bool) -> None:
        """Raises `InvalidRequestError` where the item is another file's."""
        if not first:
            raise InvalidRequestError("item", f"{entry.item.id} is the id of another file here too: rename one")
        if there is None or not there.photos or photo_id_of(entry) in there.photos:
            return
        another = f"{there.id} ({there.category}) is in the catalogue with another photo"
        if self.rules.scope not in (None, there.category):
            raise InvalidRequestError("item", f"{another}, of another folder: import the folder that holds both")
        if not self.rules.replaces_photos:
            raise InvalidRequestError(
                "item", f"{another}: --sync replaces it; if it is another folder's, import the folder that holds both"
            )

    def _meant(self, item: Item | ItemPatch, there: Item | None) -> Item | ItemPatch:
        """What to write of an item. Raises `InvalidRequestError` where that makes no whole one."""
        if isinstance(item, Item):
            return item
        if item.category is None and (there is None or self.rules.replace):
            item = replace(item, category=there.category if there else self.rules.category)
        if item.category is None and there is None:
            raise InvalidRequestError("category", f"item {item.id} is new and needs one; --category names it")
        whole = item.apply(None if self.rules.replace else there)
        return whole if self.rules.replace else item

    def _describe(self, entries: Sequence[Described], known: dict[ItemId, Item]) -> None:
        for entry in entries:
            self.named.add(entry.patch.id, known.get(entry.patch.id))
        if not entries:
            return
        try:
            unknown = self._write(entries, known)
        except InvalidRequestError as error:
            if len(entries) > 1:  # which one it is
                for entry in entries:
                    self._describe([entry], known)
            else:
                self.settle(BadEntry(entries[0].source, str(error), entries[0].patch.id))
            return
        for entry in entries:
            new = f"item {entry.patch.id} is not in the catalogue, and no category is named"
            self.settle(BadEntry(entry.source, new, entry.patch.id) if entry.patch.id in unknown else entry)

    def _write(self, entries: Sequence[Described], known: dict[ItemId, Item]) -> set[ItemId]:
        """Write descriptions; the ids of items that are new and lack a category."""
        if self.rules.replace:
            whole = [self._meant(entry.patch, known.get(entry.patch.id)) for entry in entries]
            self.catalogue.put_items([item for item in whole if isinstance(item, Item)])
            return set()
        unknown = set(self.catalogue.update_items([entry.patch for entry in entries]))
        if self.rules.category is None or not unknown:
            return unknown
        new = [replace(e.patch, category=self.rules.category) for e in entries if e.patch.id in unknown]
        return set(self.catalogue.update_items(new))


def run_import(
    catalogue: Target,
    source: Source,
    tally: Tally,
    named: Named,
    console: Console,
    *,
    rules: Rules = Rules(),
) -> bool:
    """Bring a source in, counting on `tally` and showing progress; False where Ctrl-C ended it early.

    What is under way is finished first, also on the way to an error, so that what was counted is what there is.
    """
    total = source.total()
    reader = _Reader(catalogue, source, tally, named, rules)
    with progress(console, "importing", 1.0 if total is None else total) as advance:
        settled = catalogue.import_photos(reader.photos())
        try:
            while (imported := _next(settled, reader)) is not None:
                reader.settle(imported)
                _show(advance, source, tally, counted=total is not None)
        except KeyboardInterrupt:  # between two photos: those that were under way are still to be counted
            reader.stopped = True
            for imported in settled:
                reader.settle(imported)
        finally:
            _close(settled)
    return not reader.stopped


def _next(settled: Iterator[Imported], reader: _Reader) -> Imported | None:
    """The next photo that is settled; after Ctrl-C those that were under way, and then None."""
    while True:
        try:
            return next(settled, None)
        except KeyboardInterrupt:
            reader.stopped = True


def find_item(catalogue: Target, item: ItemId) -> Item | None:
    """The item, or None where the catalogue has none of that id."""
    try:
        return catalogue.get_item(item)
    except NotFoundError:
        return None


def photo_id_of(entry: NewPhoto) -> PhotoId:
    """The id that the photo will have. Raises `OSError` where its file cannot be read."""
    return PhotoId.of(entry.content.read_bytes() if isinstance(entry.content, Path) else entry.content)


def _show(advance: Advance, source: Source, tally: Tally, *, counted: bool) -> None:
    rate = tally.settled / tally.seconds if tally.seconds else 0.0
    wrong = f", {tally.wrong} with errors" if tally.wrong else ""
    advance(tally.settled if counted else source.read(), f"{tally.settled} entries, {rate:.1f}/s{wrong}")


def _close(settled: Iterator[object]) -> None:
    # A generator's own clean-up waits for its threads; an iterator of another kind has none.
    close = getattr(settled, "close", None)
    if close is not None:
        close()
