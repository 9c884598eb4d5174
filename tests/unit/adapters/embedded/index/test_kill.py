"""A process that writes is killed at random moments; what it was told is safe has to be there."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.domain.filter import Filter
from lookalike.domain.label import Label
from lookalike.ports.vector_index import VectorQuery
from lookalike.testing.examples import SHOP, an_embedding, item_id

OpenIndex = Callable[..., EmbeddedVectorIndex]
# A graph from the first row on, asked whenever it can be, written often.
GRAPH_AT_ONCE = Tuning(least_graph=1, row_cost=1e6, worth_saving=1, least_unsaved=50)

BATCH, KILLS = 20, 6
WRITER = f"""
import itertools, sys
from pathlib import Path
from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.domain.label import Label
from lookalike.ports.vector_index import IndexEntry
from lookalike.testing import FixedClock
from lookalike.testing.examples import SHOP, an_embedding, item_id, photo_id

folder = Path(sys.argv[1])
database = Database(folder / "catalogue.sqlite3")
index = EmbeddedVectorIndex(database, folder / "index", FixedClock(), Tuning(least_graph=1, least_unsaved=30))
for batch in itertools.count(int(sys.argv[2])):
    numbers = range(batch * {BATCH}, (batch + 1) * {BATCH})
    index.upsert_many(SHOP, [
        IndexEntry(item_id(n), photo_id(n), frozenset({{Label("batch", str(batch))}}), an_embedding(n))
        for n in numbers
    ])
    print(batch, flush=True)
"""


@pytest.mark.timeout(120)
def test_what_was_acknowledged_survives_kill_9(open_index: OpenIndex, tmp_path: Path) -> None:
    done = 0
    for seed in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(done)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            first = writer.stdout.readline()
            time.sleep(random.Random(seed).uniform(0, 0.3))
            writer.kill()
            told = [int(line) for line in [first, *writer.stdout] if line.endswith("\n")]
        done = max(told) + 1
        check(open_index, done)


def check(open_index: OpenIndex, done: int) -> None:
    index = open_index(GRAPH_AT_ONCE)
    (generation,) = index.generations(SHOP)
    # A batch that was committed but not acknowledged may be there, whole.
    assert generation.entries in (done * BATCH, (done + 1) * BATCH)
    assert index.find_damage(SHOP) == []  # checksums were committed with the rows that they are of
    for number in range(0, done * BATCH, 7):
        batch = Filter.of(any_of=[str(Label("batch", str(number // BATCH)))])
        queries = [VectorQuery(an_embedding(number), only, 1) for only in (Filter(), batch)]
        for (hit,) in index.search_many(SHOP, queries):
            assert hit.item == item_id(number)
            assert hit.score == pytest.approx(1.0)
    index.close()
