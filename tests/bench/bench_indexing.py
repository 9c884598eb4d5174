"""Indexing against the bare model on the same cores: `python -m tests.bench.bench_indexing`.

The bare model embeds the same photos, prepared beforehand, in its best batch; the product reads, hashes, stores,
decodes, embeds, indexes and commits them in a folder. Rounds alternate; the ratio is of medians (goal: at least 0.85).
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

from lookalike.embedded import open_embedded
from lookalike.imaging.prepare import prepare
from lookalike.ports.catalogue import NewPhoto
from lookalike.ports.embedder import Embedder, Pixels, Priority
from tests.bench.garments import garments

BATCHES = (1, 4, 8, 16, 32)


def main() -> None:
    """Print photos a second, both ways, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    photos = garments(arguments.photos)
    with open_embedded(None) as catalogue:
        embedder = catalogue.embed.embedder
        pixels = [prepare(photo.content, embedder.facts.input_size).pixels for photo in photos]
        rates = {batch: bare(embedder, pixels[:128], batch) for batch in BATCHES}
        best = max(rates, key=lambda batch: rates[batch])
        print("bare model: " + ", ".join(f"{rate:.0f} img/s at batch {batch}" for batch, rate in rates.items()))
        rounds = [(whole(photos), bare(embedder, pixels, best)) for _ in range(arguments.rounds)]
    ours, model = (statistics.median(side) for side in zip(*rounds, strict=True))
    print(f"indexing: {ours:.0f} photos/s; bare model at batch {best}: {model:.0f} img/s")
    print(f"indexing rate / bare model: {ours / model:.2f} (goal: at least 0.85)")


def bare(embedder: Embedder, pixels: list[Pixels], batch: int) -> float:
    """Photos a second through the model alone."""
    start = perf_counter()
    for first in range(0, len(pixels), batch):
        embedder.embed_many(pixels[first : first + batch], Priority.BULK)
    return len(pixels) / (perf_counter() - start)


def whole(photos: list[NewPhoto]) -> float:
    """Photos a second from bytes to findable and durable."""
    with tempfile.TemporaryDirectory() as folder, open_embedded(Path(folder) / "shop") as catalogue:
        start = perf_counter()
        imported = list(catalogue.import_photos(photos))
        took = perf_counter() - start
    if not all(one.upload is not None and one.upload.status == "indexed" for one in imported):
        raise SystemExit("not every photo was indexed")
    return len(photos) / took


if __name__ == "__main__":
    main()
