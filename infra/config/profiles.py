"""What `starter` and `production` choose where the stack says nothing: every number in which they differ."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final, Literal

from infra.config.demand import Demand
from lookalike.sizing.index_nodes import data_nodes
from lookalike.sizing.triton_replicas import PHOTOS_A_SECOND_ON_A_GPU, triton_replicas

Profile = Literal["starter", "production"]
Defaults = Mapping[str, Any]

_ZONES: Final = 3
_COPIES: Final = 2  # each vector once more, in another zone
_DATA_NODE: Final = "r7g.large.search"
_MARGIN: Final = 2
_PREPARING_S: Final = 0.35
"""Seconds that a function takes for one photo of 12 megapixels."""


FUNCTIONS: Final[Defaults] = {
    "uploads": {},
    # 1,769 MiB is one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    "search": {"memory_mb": 1769},
    "prepare": {"memory_mb": 1769},
    "embed": {"batch_size": 64, "max_concurrency": 8},
}
_CAUTIOUS: Final[Defaults] = {name: {**size, "rollout": "canary"} for name, size in FUNCTIONS.items()}


def starter(demand: Demand) -> Defaults:
    """For a small shop: no GPU, one node of each, nothing that only large shops need."""
    del demand
    return {
        **FUNCTIONS,
        "network": {"zones": 2, "nat": "one", "interface_endpoints": [], "flow_log_retention_days": 7},
        "index": {"instance_type": "t3.medium.search", "instances": 1, "zones": 1, "managers": 0, "volume_gb": 20},
        "cache": {"enabled": False, "replicas": 0},
        "cluster": {
            "gpu": False,
            "baseline": {"instance_types": ["c7i.large"], "least": 1, "most": 2, "disk_gb": 50},
            "burst": None,
            "batch": None,
        },
        "triton": {"least_replicas": 1, "most_replicas": 2},
        "api": {"throttle_rate": 100.0, "throttle_burst": 200},
        "website": {"firewall": False},
        "watch": {"log_retention_days": 30},
    }


def production(demand: Demand) -> Defaults:
    """For a shop that lives from it: three zones, a spare of everything, GPUs, sizes that follow from `demand`."""
    replicas = _gpus(demand)
    return {
        **_CAUTIOUS,
        "network": {
            "zones": _ZONES,
            "nat": "per-zone",
            "interface_endpoints": ["sqs"],
            "flow_log_retention_days": 90,
        },
        "index": {
            "instance_type": _DATA_NODE,
            "instances": data_nodes(demand.photos_expected, _DATA_NODE, copies=_COPIES, zones=_ZONES),
            "zones": _ZONES,
            "managers": 3,
            "volume_gb": 100,
        },
        "cache": {"enabled": True, "replicas": 2},
        "cluster": {
            "gpu": True,
            "baseline": {"instance_types": ["g6.xlarge"], "least": 2, "most": max(3, replicas)},
            "burst": {"instance_types": ["g6.xlarge"], "least": 0, "most": replicas},
            "batch": {"instance_types": ["g6.xlarge", "g5.xlarge", "g4dn.xlarge"], "least": 0, "most": replicas},
        },
        "triton": {"least_replicas": 2, "most_replicas": replicas},
        "prepare": {**_CAUTIOUS["prepare"], "max_concurrency": _preparers(demand)},
        "api": {"throttle_rate": _requests_a_second(demand), "throttle_burst": 2 * int(_requests_a_second(demand))},
        "website": {"firewall": True},
        "watch": {"log_retention_days": 90},
    }


LEFT_OUT_OF_STARTER: Final = {
    "EmbeddingCache": "each process remembers what it embedded; a node costs more than the inferences it would save",
    "Firewall": "the API is throttled and every route checks a token; rules cost from 9 USD a month, asked or not",
    "GPUs": "one small server on processors embeds dozens of photos a second",
    "burst, batch": "node groups for peaks and for bulk work come with production",
    "managers": "one data node manages itself; while it is replaced, searches fail and uploads wait",
    "third zone": "two for the network, one for the index: a zone that fails takes search with it",
    "NAT a zone": "one gateway serves both zones",
    "endpoints": "SQS is reached through the gateway that is there anyway",
}
"""What `production` has, by component or by part, and why a small shop goes without. Any of it is one key away."""

PROFILES: Final = {"starter": starter, "production": production}


def _gpus(demand: Demand) -> int:
    photos = demand.searches_per_second + demand.uploads_per_minute / 60
    return triton_replicas(photos, of_one=PHOTOS_A_SECOND_ON_A_GPU, least=4)


def _preparers(demand: Demand) -> int:
    return min(1000, max(50, ceil(_MARGIN * _PREPARING_S * demand.uploads_per_minute / 60)))


def _requests_a_second(demand: Demand) -> float:
    # An upload is asked for, and then asked after until it is indexed.
    requests = demand.searches_per_second + 4 * demand.uploads_per_minute / 60
    return float(min(2500, max(100, ceil(_MARGIN * requests))))
