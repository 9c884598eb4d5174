import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lookalike.adapters.embedded.database import Database, json_list
from lookalike.errors import CatalogueDamagedError, CatalogueLockedError, InvalidRequestError, UnavailableError

WORDS = ("CREATE TABLE words (word TEXT PRIMARY KEY)",)
INSERT = "INSERT INTO words VALUES (?)"


@pytest.fixture(params=["memory", "file"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "a.sqlite3" if request.param == "file" else None)) as made:
        made.migrate("words", WORDS)
        yield made


@contextmanager
def reopened(path: Path, busy_seconds: float = 5) -> Iterator[Database]:
    with closing(Database(path, busy_seconds=busy_seconds)) as made:
        made.migrate("words", WORDS)
        yield made


def words(database: Database) -> set[str]:
    return {word for (word,) in database.query("SELECT word FROM words")}


def fail(database: Database, *given: str, after: Callable[[], object] = lambda: None) -> None:
    """Begin a transaction that writes and then meets an error."""

    def write() -> None:
        with database.transaction():
            database.execute_many(INSERT, ((word,) for word in given))
            after()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()


def test_a_transaction_commits_everything_or_nothing(database: Database) -> None:
    with database.transaction():
        database.execute(INSERT, ("kept",))
    fail(database, "lost")
    assert words(database) == {"kept"}


def test_an_inner_transaction_that_fails_undoes_its_part_only(database: Database) -> None:
    with database.transaction():
        database.execute(INSERT, ("outer",))
        fail(database, "inner", "inner too")
        with database.transaction():
            database.execute(INSERT, ("second",))
    assert words(database) == {"outer", "second"}


def test_an_outer_transaction_that_fails_undoes_inner_ones(database: Database) -> None:
    def outer() -> None:
        with database.transaction():
            with database.transaction():
                database.execute(INSERT, ("inner",))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outer()
    assert words(database) == set()


def test_one_bad_row_undoes_its_batch(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        database.execute_many(INSERT, [("a",), ("b",), ("a",)])
    assert words(database) == set()


def test_transactions_of_threads_do_not_mix(database: Database) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        fail(database, "slow", after=lambda: inside.set() or go_on.wait(10))

    def quick() -> None:
        database.execute(INSERT, ("quick",))

    threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
    threads[0].start()
    inside.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert words(database) == {"quick"}


def test_execute_tells_how_many_rows_it_changed(database: Database) -> None:
    database.execute_many(INSERT, [("a",), ("b",), ("c",)])
    changed = database.execute(
        "DELETE FROM words WHERE word IN (SELECT value FROM json_each(?))", (json_list(["a", "b", "x"]),)
    )
    assert changed == 2


def test_a_file_opens_again_with_everything_and_no_log_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "å b%20#?.sqlite3"
    with reopened(path) as database:
        database.execute(INSERT, ("kept",))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    with reopened(path) as database:
        assert words(database) == {"kept"}


def test_steps_of_a_later_version_are_run_once(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    later = (*WORDS, "ALTER TABLE words ADD COLUMN language TEXT", "INSERT INTO words VALUES ('hei', 'nb')")
    with reopened(path) as database:
        database.execute(INSERT, ("kept",))
    for _ in range(2):
        with closing(Database(path)) as database:
            database.migrate("words", later)
            assert words(database) == {"kept", "hei"}


def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with closing(Database(path)) as database:
        with pytest.raises(sqlite3.OperationalError):
            database.migrate("words", (*WORDS, "CREATE NONSENSE"))
        database.migrate("words", WORDS)
        assert words(database) == set()


def test_a_file_of_a_newer_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with closing(Database(path)) as database:
        database.migrate("words", (*WORDS, "CREATE TABLE more (x)"))
    with closing(Database(path)) as database, pytest.raises(InvalidRequestError, match="upgrade Lookalike"):
        database.migrate("words", WORDS)


def test_reading_only_sees_what_a_writer_commits_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with reopened(path) as writer, closing(Database(path, read_only=True)) as reader:
        reader.migrate("words", WORDS)
        writer.execute(INSERT, ("new",))
        assert words(reader) == {"new"}
        with pytest.raises(UnavailableError):
            reader.execute("DELETE FROM words")
        with pytest.raises(InvalidRequestError, match="open it for writing once"):
            reader.migrate("words", (*WORDS, "CREATE TABLE more (x)"))
        assert words(writer) == {"new"}


def test_a_writer_beside_it_is_told_as_locked(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    told = pytest.raises(CatalogueLockedError, match="another process")
    with reopened(path) as one, reopened(path, busy_seconds=0.01) as other, one.transaction(), told:
        other.execute(INSERT, ("late",))


@pytest.mark.parametrize(
    "content", [b"not a database, and long enough to be looked at " * 200, b"SQLite format 3\0" * 64]
)
def test_a_file_that_is_no_database_is_told_as_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.sqlite3"
    path.write_bytes(content)
    with pytest.raises(CatalogueDamagedError, match=r"a\.sqlite3"):
        Database(path)
    assert path.read_bytes() == content


def test_pages_overwritten_with_noise_are_told_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with reopened(path) as database:
        database.execute_many(INSERT, [(f"{n}" * 50,) for n in range(2000)])
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = b"\xa5" * (len(content) - 4096 * 3)
    path.write_bytes(content)
    with reopened(path) as database, pytest.raises(CatalogueDamagedError):
        words(database)


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        Database(tmp_path / "missing" / "a.sqlite3")


def test_a_full_disk_is_unavailable_and_loses_nothing(tmp_path: Path) -> None:
    with reopened(tmp_path / "a.sqlite3") as database:
        database.execute(INSERT, ("kept",))
        database.query("PRAGMA max_page_count = 8")
        with pytest.raises(UnavailableError, match="full"):
            database.execute_many(INSERT, ((f"{n}" * 100,) for n in range(5000)))
        assert words(database) == {"kept"}
        database.query("PRAGMA max_page_count = 100000")
        database.execute(INSERT, ("after",))
        assert words(database) == {"kept", "after"}


def test_text_that_is_not_unicode_is_refused(database: Database) -> None:
    with pytest.raises(InvalidRequestError):
        database.execute(INSERT, ("\ud800",))


def test_after_closing_everything_is_unavailable(database: Database) -> None:
    database.close()
    database.close()
    with pytest.raises(UnavailableError, match="closed"):
        words(database)
    with pytest.raises(UnavailableError, match="closed"), database.transaction():
        pass
