"""Opening a folder with 100,000 photos, against starting Python with the same libraries alone.

`python -m tests.bench.bench_opening [--photos N]`. Each opening is a process of its own, from nothing to the first
answer of a search by vector; the limit is one second for `connect()`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lookalike.domain.embedding import DIMENSIONS, Embedding, ModelVersion
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.upload import Upload, UploadId
from lookalike.embedded import THE_CATALOGUE, EmbeddedCatalogue, open_embedded
from lookalike.ports.vector_index import IndexEntry

BATCH, ROUNDS = 2_000, 5
COLOURS = ("red", "blue", "green", "black", "white")
CATEGORIES = ("dress", "hat", "pants", "shirt", "shoes")

OPEN = """
import sys, time
from pathlib import Path
import numpy, onnxruntime, faiss, PIL.Image
start = time.perf_counter()
from lookalike.connect import connect
catalogue = connect(sys.argv[1])
opened = time.perf_counter()
from lookalike.domain.query import ByItem, Query
from lookalike.domain.item import ItemId
found = catalogue.search(Query(ByItem(ItemId("item-1"))))
searched = time.perf_counter()
assert len(found.neighbours) == 10
print(opened - start, searched - opened)
catalogue.close()
"""


def main() -> None:
    """Fill a folder, then open it again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        with open_embedded(shop) as catalogue:
            fill(catalogue, arguments.photos)
        rounds = [open_once(shop) for _ in range(ROUNDS)]
        opening, searching = (statistics.median(side) for side in zip(*rounds, strict=True))
    print(f"connect() to {arguments.photos:,} photos: {opening:.2f} s, {opening / 1.0:.2f} of the limit of 1 s")
    print(f"its first search: {searching:.3f} s")


def open_once(shop: Path) -> tuple[float, float]:
    """Seconds to open and to answer, in a new process."""
    done = subprocess.run([sys.executable, "-c", OPEN, shop], check=True, capture_output=True, text=True)
    opening, searching = done.stdout.split()
    return float(opening), float(searching)


def fill(catalogue: EmbeddedCatalogue, count: int) -> None:
    """Items, photos, uploads and entries as an import leaves them, without drawing or embedding any."""
    chance = np.random.default_rng(5)
    model = catalogue.embed.embedder.facts.version
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        vectors = chance.standard_normal((len(numbers), DIMENSIONS)).astype(np.float32)
        enter(catalogue, numbers, vectors, model)


def enter(catalogue: EmbeddedCatalogue, numbers: range, vectors: npt.NDArray[np.float32], model: ModelVersion) -> None:
    """One batch, through the same ports."""
    stores, now = catalogue.stores, datetime.now(UTC)
    items = [
        Item(
            ItemId(f"item-{n}"),
            CATEGORIES[n % 5],
            f"Item {n}",
            frozenset({Label("colour", COLOURS[n // 5 % 5])}),
            {"price": n % 90},
        )
        for n in numbers
    ]
    photos = [PhotoId.of(str(n).encode()) for n in numbers]
    uploads = [
        Upload(UploadId.repeatable(item.id, photo), THE_CATALOGUE, "image/jpeg", now, now, item.id)
        for item, photo in zip(items, photos, strict=True)
    ]
    stores.items.put_many(THE_CATALOGUE, items)
    stores.items.attach_photos(THE_CATALOGUE, [(i.id, p) for i, p in zip(items, photos, strict=True)])
    stores.ledger.record_photos(THE_CATALOGUE, [Photo(p, "image/jpeg", 1, 480, 600, 0) for p in photos])
    stores.ledger.open_many(uploads)
    for step in (lambda u, _: u.received(now), lambda u, p: u.prepared(p, now), lambda u, _: u.indexed(now)):
        uploads = [step(upload, photo) for upload, photo in zip(uploads, photos, strict=True)]
        stores.ledger.advance_many(uploads)
    entries = zip(items, photos, vectors, strict=True)
    stores.index.upsert_many(
        THE_CATALOGUE, [IndexEntry(i.id, p, i.all_labels, Embedding(v, model)) for i, p, v in entries]
    )


if __name__ == "__main__":
    main()
