import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import UploadStatus
from lookalike.embedded import EmbeddedCatalogue, open_embedded
from lookalike.sample import draw_catalogue

KILLS, RUNS = 25, 4  # a hundred kills in all
PHOTOS = 160
IMPORTER = Path(__file__).with_name("importer.py")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for garment in draw_catalogue(PHOTOS, seed=9):
        (folder / f"{garment.item_id}.jpg").write_bytes(garment.photo())
    return folder


def import_and_kill(shop: Path, photos: Path, chance: random.Random) -> tuple[set[str], bool]:
    """What was acknowledged before the kill, and whether the import had ended by then."""
    with subprocess.Popen([sys.executable, IMPORTER, shop, photos], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        try:
            process.wait(timeout=chance.uniform(0.0, 1.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        acknowledged = set(process.stdout.read().split())
        return acknowledged, process.wait() == 0


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


def shops(folder: Path) -> Iterator[Path]:
    return (folder / f"shop-{number}" for number in count())


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(RUNS))
def test_import_survives_being_killed_at_any_moment(seed: int, photos: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    folders, kills = shops(tmp_path), 0
    while kills < KILLS:
        shop, acknowledged, ended = next(folders), set[str](), False
        while not ended:
            fresh, ended = import_and_kill(shop, photos, chance)
            acknowledged |= fresh
            kills += not ended
            with open_embedded(shop) as catalogue:
                check(catalogue, acknowledged, photos)
        assert len(acknowledged) == PHOTOS, "the resumed import did not end complete"
