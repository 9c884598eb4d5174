import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from importer import import_folder

from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import UploadStatus
from lookalike.embedded import EmbeddedCatalogue, open_embedded
from lookalike.sample import draw_catalogue

KILLS, RUNS = 20, 2
KILLS_A_SHOP = 6  # and then its import may end
PHOTOS = 48
FORKED = multiprocessing.get_context("forkserver")
"""From a process that has imported the code: a kill costs no start of Python."""
FORKED.set_forkserver_preload(["lookalike.connect", "lookalike.embedded"])


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for garment in draw_catalogue(PHOTOS, seed=9):
        (folder / f"{garment.item_id}.jpg").write_bytes(garment.photo())
    return folder


@pytest.fixture(scope="module")
def course(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """What an import takes on this machine, in seconds: kills fall anywhere in it, however slow it is."""
    began = time.perf_counter()
    acknowledged, ended = import_until(tmp_path_factory.mktemp("undisturbed"), photos, None)
    assert len(acknowledged) == PHOTOS
    assert ended
    return time.perf_counter() - began


def import_until(shop: Path, photos: Path, kill_after: float | None) -> tuple[set[str], bool]:
    """What was acknowledged, and whether the import ended before it was killed, so many seconds after its start."""
    hears, tells = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=import_folder, args=(shop, photos, tells))
    process.start()
    tells.close()
    process.join(kill_after)
    process.kill()
    acknowledged = set[str]()
    with suppress(EOFError):
        while True:
            acknowledged.add(hears.recv())
    process.join()
    return acknowledged, process.exitcode == 0


def check(catalogue: EmbeddedCatalogue, acknowledged: set[str], photos: Path) -> None:
    items = {item.id: item for item in catalogue.list_items(limit=1000)}
    assert acknowledged <= set(items), "an acknowledged item is gone"
    model = catalogue.embed.embedder.facts.version
    for name in acknowledged:
        photo = PhotoId.of((photos / f"{name}.jpg").read_bytes())
        assert items[ItemId(name)].photos == (photo,), "an acknowledged photo is gone or doubled"
        assert photo in catalogue.stores.index.find_embeddings(catalogue.id, model, [photo])
        assert catalogue.thumbnail(photo)
    uploads = catalogue.stores.ledger.count_uploads(catalogue.id)
    assert uploads.get(UploadStatus.INDEXED, 0) >= len(acknowledged)
    entries = sum(generation.entries for generation in catalogue.stores.index.generations(catalogue.id))
    assert len(acknowledged) <= entries <= PHOTOS, "an entry is lost or doubled"


def kill_and_resume(shop: Path, photos: Path, moments: Iterator[float]) -> Iterator[None]:
    """An import that is killed again and again, checked after each kill, until it has ended."""
    acknowledged = set[str]()
    for attempt in count():
        fresh, ended = import_until(shop, photos, next(moments) if attempt < KILLS_A_SHOP else None)
        acknowledged |= fresh
        with open_embedded(shop) as catalogue:
            check(catalogue, acknowledged, photos)
        if ended:
            assert len(acknowledged) == PHOTOS, "the resumed import did not end complete"
            return
        yield


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(RUNS))
def test_import_survives_being_killed_at_any_moment(seed: int, photos: Path, course: float, tmp_path: Path) -> None:
    chance = random.Random(seed)
    moments = (chance.uniform(0, course) for _ in count())
    kills, shops = 0, (tmp_path / f"shop-{number}" for number in count())
    while kills < KILLS:
        kills += sum(1 for _ in kill_and_resume(next(shops), photos, moments))
