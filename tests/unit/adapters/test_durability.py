"""kill -9 at any moment: whatever a process said it had stored is there when the folder opens again."""

import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.item_store import SqliteItemStore
from lookalike.adapters.embedded.ledger import SqliteLedger
from lookalike.adapters.embedded.photo_store import FolderPhotoStore
from lookalike.adapters.embedded.upload_form import UploadForms
from lookalike.domain.upload import UploadStatus
from lookalike.testing.examples import SHOP, an_item, an_upload, item_id, photo_id, upload_id


def stores(root: Path, database: Database) -> tuple[SqliteLedger, SqliteItemStore, FolderPhotoStore]:
    photos = FolderPhotoStore(root / "photos", UploadForms(b"0" * 32))
    return SqliteLedger(database), SqliteItemStore(database), photos


def write(root: Path) -> None:
    """Bring in upload after upload, and print the number of each once it is stored."""
    database = Database(root / "catalogue.sqlite3")
    ledger, items, photos = stores(root, database)
    number = len(items.page(SHOP, None, 10**6))
    while True:
        upload = an_upload(number, item=item_id(number))
        photos.write_uploads(SHOP, {upload.id: b"%d" % number * 20_000})
        with database.transaction():
            ledger.open_many([upload])
            ledger.advance_many([upload.received(upload.updated_at)])
            items.put_many(SHOP, [an_item(number)])
            items.attach_photos(SHOP, [(item_id(number), photo_id(number))])
        print(number, flush=True)
        number += 1


@pytest.mark.parametrize("seed", range(3))
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, seed: int) -> None:
    moments = random.Random(seed)
    acknowledged = -1
    for _ in range(2):
        command = [sys.executable, __file__, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(moments.randint(1, 15)):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
        check(tmp_path, acknowledged)


def check(root: Path, acknowledged: int) -> None:
    with closing(Database(root / "catalogue.sqlite3")) as database:
        ledger, items, photos = stores(root, database)
        expected = [upload_id(n) for n in range(acknowledged + 1)]
        found = ledger.find_uploads(SHOP, expected)
        assert set(found) == set(expected)
        assert {upload.status for upload in found.values()} == {UploadStatus.RECEIVED}
        there, shown = items.count(SHOP)
        assert there == shown == sum(ledger.count_uploads(SHOP).values())  # one commit: all of its parts or none
        assert there in (acknowledged + 1, acknowledged + 2)  # the last one may not have been told any more
        for n in range(acknowledged + 1):
            assert photos.read_upload(SHOP, upload_id(n)) == b"%d" % n * 20_000
        assert list((root / "photos" / "incoming").iterdir()) == []


if __name__ == "__main__":
    write(Path(sys.argv[1]))
