"""`status` of a folder with a million items, photos and uploads, against one with a hundredth of them.

`python -m tests.bench.bench_status [--photos N]`. The rows are written as SQL, without photos or vectors; the limit is
5 ms whatever the size.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.stores import DATABASE
from lookalike.embedded import THE_CATALOGUE, open_embedded

ROUNDS = 50
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 - 1)"
_FILL = (
    (
        "INSERT INTO items (catalogue, id, category, title, labels, attributes)"
        " SELECT ?1, 'item-' || i, 'dress', '', '[]', '{}' FROM n"
    ),
    "INSERT INTO item_photos (catalogue, item, photo) SELECT ?1, 'item-' || i, printf('%064x', i) FROM n",
    (
        "INSERT INTO uploads (catalogue, id, content_type, requested_at, updated_at, item, status, detail, version)"
        " SELECT ?1, printf('%032x', i), 'image/jpeg', i, i, 'item-' || i, 'indexed', '', 3 FROM n"
    ),
)


def main() -> None:
    """Fill two folders and ask each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=1_000_000)
    photos = parser.parse_args().photos
    few, many = (measure(count) for count in (photos // 100, photos))
    print(
        f"status of {photos // 100:,} photos: {few:.2f} ms; of {photos:,}: {many:.2f} ms, {many / 5:.2f} of the limit"
    )


def measure(count: int) -> float:
    """Milliseconds of one call, the median of many."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        open_embedded(shop).close()
        database = Database(shop / DATABASE)
        with database.transaction():
            for statement in _FILL:
                database.execute(f"{_NUMBERS} {statement}", (THE_CATALOGUE, count))
        database.close()
        with open_embedded(shop) as catalogue:
            assert catalogue.status().photos == count
            times = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                catalogue.status()
                times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
