"""Search by photo on one machine: stage times, and our own share of them: `python -m tests.bench.bench_search`.

Every query is answered whole by the product; then its parts are run bare on the same photo: decoding and resizing,
the ONNX Runtime session, the k-NN search. What the whole took beyond its parts is ours (goal: at most 10 %).
"""

import argparse
import statistics
from collections.abc import Callable
from functools import partial
from time import perf_counter

from lookalike.domain.filter import Filter
from lookalike.domain.query import ByPhoto, Query
from lookalike.embedded import EmbeddedCatalogue, open_embedded
from lookalike.imaging.prepare import prepare
from lookalike.ports.catalogue import NewPhoto
from lookalike.ports.embedder import Priority
from lookalike.ports.vector_index import VectorQuery
from tests.bench.garments import garments


def main() -> None:
    """Print stage times and our share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--queries", type=int, default=100)
    arguments = parser.parse_args()
    photos = garments(arguments.photos + arguments.queries)
    queries, catalogued = photos[:: len(photos) // arguments.queries][: arguments.queries], photos
    with open_embedded(None) as catalogue:
        for _ in catalogue.import_photos(photo for photo in catalogued if photo not in queries):
            pass
        report(catalogue, queries)


def report(catalogue: EmbeddedCatalogue, queries: list[NewPhoto]) -> None:
    """Interleave whole searches and their bare parts, query by query."""
    stages: dict[str, list[float]] = {}
    shares = []
    for photo in queries:
        data = bytes(photo.content) if isinstance(photo.content, bytes) else photo.content.read_bytes()
        parts = bare(catalogue, data)
        whole = timed(partial(catalogue.search, Query(ByPhoto(data))))
        stages.setdefault("total", []).append(whole)
        for name, milliseconds in parts.items():
            stages.setdefault(name, []).append(milliseconds)
        shares.append(1 - sum(parts.values()) / whole)
    for name, values in stages.items():
        p50, p95 = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        print(f"{name:>16}: p50 {p50:7.2f} ms   p95 {p95:7.2f} ms")
    print(f"our own share of a search: {statistics.median(shares):.1%} (goal: at most 10 %)")


def bare(catalogue: EmbeddedCatalogue, data: bytes) -> dict[str, float]:
    """Milliseconds of decoding, model and k-NN, each by itself."""
    facts = catalogue.embed.embedder.facts
    pixels = prepare(data, facts.input_size).pixels
    (prediction,) = catalogue.embed.embedder.embed_many([pixels], Priority.INTERACTIVE)
    sought = VectorQuery(prediction.embedding, Filter(), 10)
    return {
        "bare decode": timed(lambda: prepare(data, facts.input_size)),
        "bare model": timed(lambda: catalogue.embed.embedder.embed_many([pixels], Priority.INTERACTIVE)),
        "bare k-NN": timed(lambda: catalogue.stores.index.search_many(catalogue.id, [sought])),
    }


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
