"""A search by photo through the whole rehearsed cloud, stage by stage: `python -m tests.bench.bench_flow`.

Each photo is one that nobody has seen. The client times what it waits for; the function tells its stages in
`Server-Timing`, and Triton its own time in its statistics, of which the difference before and after is this request's,
as one is asked at a time. Beside each search, the same model sees the same pixels in this process.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from time import perf_counter, time
from typing import Final, TypeVar

import httpx

from lookalike.adapters.aws.event_log import DynamoEventLog
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.model_file import find_model
from lookalike.domain.catalogue import CatalogueId
from lookalike.imaging.prepare import prepare
from lookalike.ports.embedder import Priority
from tests.bench.garments import garments
from tests.rehearsal.checker import drained
from tests.rehearsal.servers.opensearch import OpenSearchMissingError
from tests.rehearsal.servers.triton import TritonMissingError
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal, rehearsal

Stages = dict[str, float]

BUDGET_MS: Final = {"client to cloud": 120.0, "cloud to model": 10.0, "model": 95.0, "whole": 225.0}
_WARM: Final = 5
_STAGE: Final = re.compile(r"([\w-]+);dur=([0-9.]+)")
_AT_WORK: Final = ("queue", "compute_input", "compute_infer", "compute_output")

T = TypeVar("T")


def main() -> int:
    """Print a line a stage; 1 where there is no Triton or no OpenSearch to be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=64, help="photos in the catalogue")
    parser.add_argument("--queries", type=int, default=60)
    arguments = parser.parse_args()
    photos = [_bytes(photo.content) for photo in garments(arguments.photos + arguments.queries + _WARM)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            whole = stack.enter_context(rehearsal(folder))
        except (OpenSearchMissingError, TritonMissingError) as missing:
            print(f"not measured: {missing}")
            return 1
        shop = stack.enter_context(Shop(whole, "bench"))
        queries = photos[arguments.photos :]
        report_indexing(shop, photos[: arguments.photos])
        report_searches([search(shop, query) for query in queries][_WARM:])
    return 0


def report_indexing(shop: Shop, photos: Sequence[bytes]) -> None:
    """From the store's word that a photo has arrived to its index entry, by the event log's own times."""
    shop.put_item("first")
    shop.settled(shop.offer(photos[0] + os.urandom(8), "first"))  # functions are up now
    arrived = {}
    for number, photo in enumerate(photos):
        shop.put_item(f"item-{number}")
        arrived[shop.offer(photo, f"item-{number}")] = time()
    drained(shop.whole)
    tables = shop.whole.cloud.rehearsed.outputs["tables"]
    log = DynamoEventLog(shop.whole.cloud.rehearsed.clients.dynamodb, events=tables["events"])
    indexed = {event.subject: event.at.timestamp() for event in log.tail(CatalogueId(shop.catalogue), 2 * len(photos))}
    took = [indexed[upload] - at for upload, at in arrived.items()]
    rate = len(photos) / (max(indexed.values()) - min(arrived.values()))
    print(f"{len(photos)} photos, offered one after the other: {rate:.1f} photos/s, batching windows included")
    print(f"from arrival to index: p50 {statistics.median(took):.1f} s, p95 {_p95(took):.1f} s")


def search(shop: Shop, photo: bytes) -> Stages:
    """Milliseconds of one search by stage, and of the same model in this process."""
    unseen = photo + os.urandom(8)  # decoders do not look behind a JPEG's end
    upload, brought = _timed(lambda: shop.offer(unseen))
    before = _model_ms(shop.whole)
    answer, asked = _timed(lambda: shop.search(upload=upload, k=10).raise_for_status())
    model = _model_ms(shop.whole) - before
    said = {name: float(took) for name, took in _STAGE.findall(answer.headers["Server-Timing"])}
    drained(shop.whole)  # what `prepare` does with it is not to be heard by the next
    return {
        "client to cloud": brought + asked - said["total"],
        "decode": said["decode"],
        "cloud to model": said["embed"] - model,
        "model": model,
        "k-NN": said["search"],
        "describe": said["describe"],
        "rest": said["total"] - sum(said[name] for name in ("decode", "embed", "search", "describe")),
        "whole": brought + asked,
        "model in process": _in_process(unseen),
    }


def report_searches(searches: Sequence[Stages]) -> None:
    """Medians and 95th percentiles beside the budget; of the whole, what is neither decode, model, k-NN nor the way."""
    for name in searches[0]:
        took = [each[name] for each in searches]
        budget = f"   (budget {BUDGET_MS[name]:.0f})" if name in BUDGET_MS else ""
        print(f"{name:>17}: p50 {statistics.median(took):7.1f} ms   p95 {_p95(took):7.1f} ms{budget}")
    ours = [(each["cloud to model"] + each["describe"] + each["rest"]) / each["whole"] for each in searches]
    print(f"our own share of a search: {statistics.median(ours):.1%} (goal: at most 10 %)")


def _model_ms(whole: Rehearsal) -> float:
    """What Triton has spent on inferences since it started: in its queue, and at work."""
    told = httpx.get(f"{whole.triton.http}/v2/models/embedder/stats").raise_for_status().json()
    spent = told["model_stats"][0]["inference_stats"]
    return sum(int(spent[part]["ns"]) for part in _AT_WORK) / 1e6


@cache
def _embedder() -> OnnxEmbedder:
    return OnnxEmbedder(find_model(), threads=1)  # as each of Triton's instances has it


def _in_process(photo: bytes) -> float:
    pixels = prepare(photo, _embedder().facts.input_size).pixels
    return _timed(lambda: _embedder().embed_many([pixels], Priority.INTERACTIVE))[1]


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    start = perf_counter()
    return call(), (perf_counter() - start) * 1000


def _bytes(content: bytes | Path) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
