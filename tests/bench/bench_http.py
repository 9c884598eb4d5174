"""A kept-alive `get_item` beside one on a new connection, over loopback: `python -m tests.bench.bench_http`."""

import sys
from statistics import median
from time import perf_counter

import httpx

from lookalike.cli.site import site_of
from lookalike.connect import connect
from lookalike.domain.item import Item, ItemId
from tests.serving import serving

_CALLS = 300


def main() -> int:
    """Print the medians and their ratio; 1 where the goal is missed."""
    with connect("memory:") as catalogue:
        catalogue.put_items([Item(ItemId("dress"), "dress")])
        with serving(site_of(catalogue, None)) as url, httpx.Client(base_url=url) as client:
            kept, new = [], []
            for _ in range(_CALLS):
                new.append(_timed(client))
                kept.append(_timed(client))
                client.get("/v1/items/dress", headers={"Connection": "close"})
    ratio = median(kept) / median(new)
    print(
        f"get_item: kept alive {median(kept) * 1000:.2f} ms, new connection {median(new) * 1000:.2f} ms: {ratio:.2f} x"
    )
    return int(ratio > 1.5)


def _timed(client: httpx.Client) -> float:
    start = perf_counter()
    client.get("/v1/items/dress").raise_for_status()
    return perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
