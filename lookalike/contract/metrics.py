"""What Prometheus is told: of the requests, and of the catalogue at the moment of a scrape."""

import logging
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from lookalike.contract.access_log import Access
from lookalike.domain.catalogue import CatalogueStatus
from lookalike.errors import LookalikeError

log = logging.getLogger(__name__)

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds of the histograms' buckets; the goal of 225 ms for a search lies between two of them."""


class Metrics:
    """Counts, times and sizes in a registry of their own.

    Labels take few values: a route's template or ``other``, a known method or ``other``, a status, a stage.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.in_flight = Gauge(
            "lookalike_http_requests_in_flight", "Requests that are not answered yet.", registry=self.registry
        )
        self._requests = Counter(
            "lookalike_http_requests", "Requests answered.", ["route", "method", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "lookalike_http_request_duration_seconds",
            "From a request's head to its answer's end.",
            ["route", "method"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._stages = Histogram(
            "lookalike_stage_duration_seconds",
            "Stages of a search: decode, embed, search, describe.",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._received = Counter(
            "lookalike_http_received_bytes", "Bytes of requests' bodies.", ["route"], registry=self.registry
        )
        self._sent = Counter(
            "lookalike_http_sent_bytes", "Bytes of answers' bodies.", ["route"], registry=self.registry
        )
        Info("lookalike_build", "The version that runs.", registry=self.registry).info(
            {"version": version("lookalike")}
        )
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)

    def note(self, access: Access) -> None:
        """Count one request."""
        self._requests.labels(access.route, access.method, str(access.status)).inc()
        self._seconds.labels(access.route, access.method).observe(access.ms / 1000)
        self._received.labels(access.route).inc(access.received)
        self._sent.labels(access.route).inc(access.sent)
        for stage, took in access.stages_ms.items():
            self._stages.labels(stage).observe(took / 1000)

    def watch(self, status: Callable[[], CatalogueStatus], gauges: Mapping[str, "Reading"]) -> None:
        """Ask `status` and `gauges` (by their metric's name) at each scrape."""
        self.registry.register(_CatalogueCollector(status, gauges))


class Reading:
    """A gauge that is read when it is asked for: `read` gives its value by that of `label`."""

    def __init__(self, help_text: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        self.help_text = help_text
        self.label = label
        self.read = read


class _CatalogueCollector(Collector):
    """A catalogue's sizes. Where they cannot be read, a scrape has the rest, and the log the reason."""

    def __init__(self, status: Callable[[], CatalogueStatus], gauges: Mapping[str, Reading]) -> None:
        self._status = status
        self._gauges = gauges

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges."""
        for name, gauge in self._gauges.items():
            yield _family(name, gauge.help_text, gauge.read(), gauge.label)
        try:
            status = self._status()
        except LookalikeError as error:
            log.warning("the catalogue's sizes cannot be read: %s", error)
            return
        yield GaugeMetricFamily("lookalike_items", "Items of the catalogue.", status.items)
        yield GaugeMetricFamily("lookalike_photos", "Photos of the catalogue.", status.photos)
        yield GaugeMetricFamily("lookalike_disk_bytes", "Bytes of the catalogue's folder.", status.bytes_on_disk)
        entries = sum(generation.entries for generation in status.generations if generation.live)
        yield GaugeMetricFamily("lookalike_index_entries", "Entries of the live index generation.", entries)
        yield _family("lookalike_uploads", "Uploads by status.", status.uploads, "status")


def _family(name: str, help_text: str, values: Mapping[str, float], label: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
