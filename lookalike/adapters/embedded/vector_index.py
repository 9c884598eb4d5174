import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lookalike.adapters.embedded.counters import Counters
from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.durable_file import PARTIAL, make_folder, reported
from lookalike.adapters.embedded.index.build import Build, Search
from lookalike.adapters.embedded.index.nearest import find_exactly, find_nearest
from lookalike.adapters.embedded.index.records import ENTRIES, SCHEMA, Records
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.index.vectors import VECTORS, fill_up
from lookalike.adapters.instant import from_micros, to_micros
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.generation import IndexGeneration
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.errors import CatalogueDamagedError, InvalidRequestError, UnknownFacetError, VersionMismatchError
from lookalike.ports.clock import Clock
from lookalike.ports.vector_index import EntryLabels, Hit, IndexEntry, VectorQuery

_FIRST: Final = 1


class EmbeddedVectorIndex:
    """Vectors in a mapped file, what they belong to in SQLite, an HNSW graph over both (ADR 0003).

    `folder` holds one folder a generation, or is None where `database` is in memory. One process writes at a time;
    any number of threads search and write. Must not be called within a transaction of `database`. A catalogue is
    opened when it is first asked for. Close it before the database.
    """

    def __init__(self, database: Database, folder: Path | None, clock: Clock, tuning: Tuning | None = None) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._tuning = tuning or Tuning()
        self._opening = threading.Lock()
        self._writing = threading.Lock()
        self._builds: dict[CatalogueId, Build] = {}
        self._unopened: dict[CatalogueId, str] = {}
        self._counters = Counters(database)
        database.migrate("vector_index", SCHEMA)

    def upsert_many(self, catalogue: CatalogueId, entries: Sequence[IndexEntry]) -> None:
        """Insert or replace entries; findable and durable when this returns. Doing it again changes nothing."""
        if not entries:
            return
        with self._turn_to_write():
            build = self._live(catalogue)
            model = entries[0].embedding.model if build is None else build.model
            for entry in entries:
                _check_model(model, entry.embedding.model)
            if build is None:
                self._begin(catalogue, model)
                build = self._live(catalogue)
            if build is not None:
                build.upsert(entries)

    def relabel_many(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Give every entry of these items the labels they have now; items without entries are ignored."""
        with self._turn_to_write():
            build = self._live(catalogue)
            if build is not None:
                build.relabel(items)

    def remove_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> None:
        """Forget every entry of these items; unknown ones are ignored."""
        with self._turn_to_write():
            build = self._live(catalogue)
            if build is not None:
                build.remove(items)

    def remove_entries(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Forget single entries; unknown ones are ignored."""
        with self._turn_to_write():
            build = self._live(catalogue)
            if build is not None:
                build.remove_entries(pairs)

    def page_entries(
        self, catalogue: CatalogueId, after: tuple[ItemId, PhotoId] | None, limit: int
    ) -> list[EntryLabels]:
        """Up to `limit` entries in the order of item and photo, starting behind `after`."""
        found = self._find_live(catalogue)
        return [] if found is None else Records(self._database, found[0]).page(after, limit)

    def find_embeddings(
        self, catalogue: CatalogueId, model: ModelVersion, photos: Sequence[PhotoId]
    ) -> dict[PhotoId, Embedding]:
        """The embeddings there are in the live generation if it is of `model`; others are left out."""
        build = self._live(catalogue)
        return build.embeddings(photos) if build is not None and build.model == model else {}

    def search_many(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """For each query its hits, best first, at most one an item; k of them when k items pass the filter."""
        return self._search(catalogue, queries, find_nearest)

    def search_exactly(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """Like `search_many` by comparing with every entry."""
        return self._search(catalogue, queries, find_exactly)

    def _search(self, catalogue: CatalogueId, queries: Sequence[VectorQuery], how: Search) -> list[list[Hit]]:
        build = self._live(catalogue)
        for query in queries:
            if query.k < 1:
                raise InvalidRequestError("k", f"must be at least 1, is {query.k}")
            if build is not None:
                _check_model(build.model, query.embedding.model)
            elif query.filter:
                raise UnknownFacetError("filter", "the catalogue is empty, so that no item has a label")
        return [[] for _ in queries] if build is None else build.search(queries, how)

    def generations(self, catalogue: CatalogueId) -> tuple[IndexGeneration, ...]:
        """All builds there are, oldest first."""
        statement = """
            SELECT key, number, model, live, created_at FROM index_generations WHERE catalogue = ? ORDER BY number
        """
        return tuple(
            IndexGeneration(
                number, ModelVersion(model), bool(live), self._counters.get(ENTRIES.name, str(key)), from_micros(at)
            )
            for key, number, model, live, at in self._database.query(statement, (catalogue,))
        )

    def open(self, catalogue: CatalogueId) -> None:
        """Open a catalogue now and not when it is first asked for; its entries are then looked at in the background.

        Raises `CatalogueDamagedError` where its file of vectors is missing or too short.
        """
        self._live(catalogue)

    def known_damage(self, catalogue: CatalogueId) -> list[tuple[ItemId, PhotoId]]:
        """The entries found damaged so far; opens nothing and waits for nothing.

        Raises `CatalogueDamagedError` where opening it was tried and did.
        """
        if catalogue in self._unopened:
            raise CatalogueDamagedError(self._unopened[catalogue])
        build = self._builds.get(catalogue)
        return [] if build is None else build.damaged

    def find_damage(self, catalogue: CatalogueId) -> list[tuple[ItemId, PhotoId]]:
        """Like `known_damage`, once every entry was looked at."""
        build = self._live(catalogue)
        if build is None:
            return []
        build.look_at_all()
        return build.damaged

    def check_files(self, catalogue: CatalogueId, *, repair: bool) -> list[str]:
        """What keeps the catalogue's index from being opened, or is left over; to be asked before it is first used.

        To repair, rows that are missing from the file of vectors are filled with zeros, which are then found damaged;
        the table of labels is made anew from the entries; what belongs to nothing is removed.
        """
        told: list[str] = []
        found = self._find_live(catalogue)
        if found is not None:
            records = Records(self._database, found[0])
            place = self._place(found[0])
            missing = 0 if place is None else fill_up(place / VECTORS, records.next_row(), write=repair)
            told += [f"{missing} vectors are missing from their file"] if missing else []
            differ = records.check_postings(repair=repair)
            told += [f"{differ} pairs of a label and an entry differ from the entries"] if differ else []
        for path in self._strays():
            told.append(f"{path.name} belongs to nothing")
            if repair:
                with reported(path):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        return told

    def _strays(self) -> list[Path]:
        if self._folder is None or not self._folder.is_dir():
            return []
        known = {f"generation-{key}" for (key,) in self._database.query("SELECT key FROM index_generations")}
        return [path for path in self._folder.iterdir() if path.name not in known] + [
            path for path in self._folder.glob(f"*/*{PARTIAL}") if path.parent.name in known
        ]

    def close(self) -> None:
        """Write what makes the next opening fast and let go of the files; closing twice is fine."""
        with self._writing, self._opening:
            for build in self._builds.values():
                build.close()
            self._builds.clear()

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        if self._database.read_only:
            raise InvalidRequestError("catalogue", "was opened for reading only")
        with self._writing:
            yield

    def _begin(self, catalogue: CatalogueId, model: ModelVersion) -> None:
        statement = "INSERT INTO index_generations (catalogue, number, model, live, created_at) VALUES (?, ?, ?, 1, ?)"
        self._database.execute(statement, (catalogue, _FIRST, model, to_micros(self._clock.now())))

    def _live(self, catalogue: CatalogueId) -> Build | None:
        build = self._builds.get(catalogue)
        if build is not None:
            return build
        with self._opening:
            if catalogue not in self._builds:
                opened = self._try_to_open(catalogue)
                if opened is None:
                    return None
                self._builds[catalogue] = opened
            return self._builds[catalogue]

    def _try_to_open(self, catalogue: CatalogueId) -> Build | None:
        try:
            opened = self._open(catalogue)
        except CatalogueDamagedError as error:
            self._unopened[catalogue] = str(error)
            raise
        self._unopened.pop(catalogue, None)
        return opened

    def _open(self, catalogue: CatalogueId) -> Build | None:
        found = self._find_live(catalogue)
        if found is None:
            return None
        key, model = found
        records = Records(self._database, key)
        place = self._place(key)
        return Build(ModelVersion(model), records, place, self._tuning, read_only=self._database.read_only)

    def _find_live(self, catalogue: CatalogueId) -> tuple[int, str] | None:
        statement = "SELECT key, model FROM index_generations WHERE catalogue = ? AND live"
        return next(((key, model) for key, model in self._database.query(statement, (catalogue,))), None)

    def _place(self, key: int) -> Path | None:
        # Named by number, not by catalogue: Windows cannot have folders called "con" or "aux".
        if self._folder is None:
            return None
        place = self._folder / f"generation-{key}"
        if not self._database.read_only:
            make_folder(place)
        return place


def _check_model(expected: ModelVersion, given: ModelVersion) -> None:
    if given != expected:
        raise VersionMismatchError("model", f"the index holds vectors of {expected}, this one is of {given}")
