import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from lookalike.errors import (
    CatalogueDamagedError,
    CatalogueLockedError,
    InvalidRequestError,
    LookalikeError,
    UnavailableError,
)

Row = tuple[Any, ...]
_ALWAYS: Final = ("PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF", "PRAGMA temp_store = MEMORY")
# FULL, not NORMAL: in WAL mode NORMAL survives kill -9 but may lose the last commits when the power goes, and an
# acknowledged photo must survive that too. It costs one fsync a commit, and ports take many at once.
_ON_DISK: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # on macOS fsync alone leaves the data in the drive's cache
    "PRAGMA journal_size_limit = 67108864",
)
_SCHEMAS: Final = "CREATE TABLE IF NOT EXISTS schemas (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID"


class Database:
    """One SQLite file, or memory where `path` is None, shared by every adapter of a catalogue and by all threads.

    Calls are serialised by a lock that a `transaction` holds to its end. A commit that returned survives
    kill -9 and loss of power. Every method raises `CatalogueLockedError` where another process writes,
    `CatalogueDamagedError` where the file is not what it should be and `UnavailableError` where the disk
    is full or fails, or after `close`. Another process's commit is waited for up to `busy_seconds`.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False, busy_seconds: float = 5.0) -> None:
        self.path = path
        self.read_only = read_only
        self._lock = threading.RLock()
        self._depth = 0
        with _translated(path):
            self._connection: sqlite3.Connection | None = _connect(path, read_only, busy_seconds)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        for pragma in _ALWAYS if self.path is None or self.read_only else (*_ALWAYS, *_ON_DISK):
            self.query(pragma)
        if self.read_only:
            self.query("PRAGMA query_only = ON")
        else:
            self.execute(_SCHEMAS)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything done inside together, or nothing when an error leaves the block.

        May be nested: an inner block that fails undoes its own part; the outermost commits.
        """
        with self._lock:
            begin, commit, undo = _boundaries(self._depth)
            self.execute(begin)
            self._depth += 1
            try:
                yield
                self.execute(commit)
            except BaseException:
                self._undo(undo)
                raise
            finally:
                self._depth -= 1

    def _undo(self, statements: Sequence[str]) -> None:
        # A full disk makes SQLite roll back by itself.
        if self._connection is not None and self._connection.in_transaction:
            for statement in statements:
                self.execute(statement)

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run one writing statement; how many rows it changed. Outside a transaction it is one by itself."""
        with self._lock, _translated(self.path):
            return self._open().execute(statement, parameters).rowcount

    def execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one writing statement once a row, all in one transaction."""
        with self.transaction(), _translated(self.path):
            self._open().executemany(statement, rows)

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Every row that one reading statement gives."""
        with self._lock, _translated(self.path):
            return self._open().execute(statement, parameters).fetchall()

    def migrate(self, schema: str, statements: Sequence[str]) -> None:
        """Bring an adapter's tables to the state after `statements`, running those that were not yet run.

        A released statement never changes; later versions add theirs behind. Raises `InvalidRequestError`
        where the file was written by a newer Lookalike that has more of them or, when only reading, by an
        older one that has fewer.
        """
        with self._lock:
            version = self._schema_version(schema)
            if version == len(statements):
                return
            if version > len(statements):
                raise InvalidRequestError("catalogue", _explain("a newer", schema, version, len(statements)))
            if self.read_only:
                raise InvalidRequestError("catalogue", _explain("an older", schema, version, len(statements)))
            with self.transaction():
                for statement in statements[version:]:
                    self.execute(statement)
                self.execute("INSERT OR REPLACE INTO schemas (name, version) VALUES (?, ?)", (schema, len(statements)))

    def _schema_version(self, schema: str) -> int:
        known = self.query("SELECT 1 FROM sqlite_master WHERE name = 'schemas'")
        rows = self.query("SELECT version FROM schemas WHERE name = ?", (schema,)) if known else []
        return int(rows[0][0]) if rows else 0

    def has_schemas(self) -> bool:
        """Whether any adapter has made its tables here."""
        return bool(self.query("SELECT 1 FROM schemas LIMIT 1"))

    def check(self) -> list[str]:
        """What SQLite finds wrong with the file, reading all of it; none where it is sound."""
        found = [text for (text,) in self.query("PRAGMA integrity_check")]
        ties = self.query("PRAGMA foreign_key_check")
        return [text for text in found if text != "ok"] + [f"a row of {one[0]} leads nowhere" for one in ties]

    def close(self) -> None:
        """Fold the log into the file and let go; closing twice is fine."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is None:
                return
            if self.path is not None and not self.read_only:
                with suppress(sqlite3.Error):  # nothing is lost: the log is read at the next opening
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise UnavailableError("the catalogue is closed")
        return self._connection


def json_list(values: Iterable[str]) -> str:
    """Any number of values as one parameter, for ``IN (SELECT value FROM json_each(?))``."""
    return json.dumps(list(values))


def _connect(path: Path | None, read_only: bool, busy_seconds: float) -> sqlite3.Connection:
    place = ":memory:" if path is None else f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    # isolation_level=None: transactions begin and end where `transaction` says, never by the driver's guess.
    return sqlite3.connect(place, busy_seconds, isolation_level=None, check_same_thread=False, uri=True)


def _boundaries(depth: int) -> tuple[str, str, tuple[str, ...]]:
    if depth == 0:
        return "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
    name = f"level_{depth}"
    return f"SAVEPOINT {name}", f"RELEASE {name}", (f"ROLLBACK TO {name}", f"RELEASE {name}")


def _explain(age: str, schema: str, found: int, known: int) -> str:
    remedy = "upgrade Lookalike" if age == "a newer" else "open it for writing once"
    return f"was written by {age} version of Lookalike ({schema} {found}; this one knows {known}): {remedy}"


@contextmanager
def _translated(path: Path | None) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as error:
        raise InvalidRequestError("text", "holds a character that is not valid Unicode") from error
    except sqlite3.Error as error:
        translated = _translate(error, path)
        if translated is None:
            raise
        raise translated from error


def _translate(error: sqlite3.Error, path: Path | None) -> LookalikeError | None:
    """What the user should hear; None for what can only be a mistake of ours, which stays as it is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the lower byte is the primary code
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return CatalogueLockedError(f"{path} is being written by another process")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return CatalogueDamagedError(f"{path} is damaged or not a catalogue: {error}")
    if code in _DISK_CODES:
        return UnavailableError(f"{path} cannot be read or written: {error}")
    return None


_DISK_CODES: Final = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
)
