"""What operators see of a server: its access log, its metrics, its probes."""

import asyncio
import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import NO_TLS, Browse, connect, hear, problem
from fake_shop import SHOP, Shop, picture

from lookalike.adapters.embedded.stores import open_stores
from lookalike.cli.log_lines import JsonLines
from lookalike.cli.site import site_of
from lookalike.contract.access_log import Access
from lookalike.contract.asgi import Site, build_app
from lookalike.contract.metrics import Metrics, Reading
from lookalike.contract.observe import Templates
from lookalike.contract.probes import Phase, Readiness
from lookalike.contract.serve import metrics_at
from lookalike.domain.photo import PhotoId
from lookalike.embedded import EmbeddedCatalogue
from lookalike.errors import CatalogueDamagedError, InvalidRequestError, UnavailableError
from lookalike.testing import FakeEmbedder
from tests.serving import serving

TOKEN = "a-token-of-some-length"  # noqa: S105 (made up)
DOCS = Path(__file__).parents[3] / "docs" / "serving.md"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def watched(site: Site, stocked: Shop) -> Site:
    metrics = Metrics()
    waiting = Reading("Uploads that wait.", "queue", lambda: {"received": 2, "to_embed": 0})
    metrics.watch(lambda: stocked.report(SHOP), {"lookalike_queue_depth": waiting})
    return replace(site, metrics=metrics)


@pytest.fixture
def accesses(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """What the access log says; every record is formatted, as a handler would."""
    lines: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonLines().format(record)))

    keep, log = Keep(), logging.getLogger("lookalike.access")
    log.addHandler(keep)
    with caplog.at_level(logging.INFO, "lookalike.access"):
        yield lines
    log.removeHandler(keep)


@contextmanager
def visiting(site: Site, **headers: str) -> Iterator[httpx.Client]:
    """A client of a real server. What it did is in the log and the metrics once the context has ended."""
    with serving(site) as url, httpx.Client(base_url=url, headers=headers, timeout=30, **NO_TLS) as client:
        yield client


def samples(metrics: Metrics) -> Samples:
    families = metrics.registry.collect()
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_a_search_is_one_line_with_its_stages(site: Site, stocked: Shop, accesses: list[dict[str, Any]]) -> None:
    upload = stocked.bring(picture("red"))
    with visiting(site) as client:
        client.post("/v1/search", json={"upload": upload}, headers={"x-request-id": "order-7"})
    (line,) = accesses
    assert (line["method"], line["route"], line["status"], line["request"]) == ("POST", "/v1/search", 200, "order-7")
    assert list(line["stages_ms"]) == ["decode", "embed", "search", "describe"]
    assert line["sent"] > line["received"] > 0
    assert line["logger"] == "lookalike.access"
    assert line["ms"] > 0


def test_the_log_names_no_item_photo_upload_or_token(site: Site, stocked: Shop, accesses: list[dict[str, Any]]) -> None:
    photo, upload = PhotoId.of(picture("red")), stocked.bring(picture("blue"))
    paths = (
        "/v1/items/red-dress",
        "/v1/items?after=red-dress",
        f"/v1/photos/{photo}/thumbnail",
        f"/v1/uploads/{upload}",
        f"/v1/uploads/{upload}/bytes",
        "/secret-path",
        "/v1/items/red-dress/secret-path",
    )
    with visiting(replace(site, token=TOKEN), authorization=f"Bearer {TOKEN}", cookie="a=secret-cookie") as client:
        for path in paths:
            client.get(path)
    text = json.dumps(accesses)
    assert len(accesses) == 7
    for secret in ("red-dress", str(photo), str(upload), TOKEN, "secret", "127.0.0.1"):
        assert secret not in text, secret
    assert [line["route"] for line in accesses][-2:] == ["other", "other"]


def test_every_kind_of_answer_is_logged_with_its_route(site: Site, accesses: list[dict[str, Any]]) -> None:
    with visiting(replace(site, max_in_flight=0)) as full:
        full.get("/v1/items/a")
        full.get("/app.js", headers={"x-request-id": "a\tb"})
        full.get("/", headers={"host": "evil.example"})
        full.request("BREW", "/v1/items")
    told = [(line["method"], line["route"], line["status"]) for line in accesses]
    assert told == [
        ("GET", "/v1/items/{id}", 429),
        ("GET", "/app.js", 200),
        ("GET", "/", 403),
        ("other", "/v1/items", 429),
    ]
    assert all(re.fullmatch("[0-9a-f]{32}", line["request"]) for line in accesses)


def test_what_is_no_request_is_logged_and_counted(
    watched: Site, accesses: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    with visiting(watched) as client, connect(client.base_url) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        _, headers, _ = problem(hear(connection))
    (line,) = accesses
    assert (line["method"], line["route"], line["status"]) == ("other", "other", 400)
    assert line["request"] == headers["x-request-id"]
    assert watched.metrics is not None
    labels = (("method", "other"), ("route", "other"), ("status", "400"))
    assert samples(watched.metrics)["lookalike_http_requests_total", labels] == 1
    assert [record.name for record in caplog.records] == ["lookalike.access"]


def test_nothing_a_caller_sends_makes_a_second_line() -> None:
    record = logging.makeLogRecord({"msg": 'x\n{"level": "info"}\r\x1b[2J\u2028', "fields": {"route": "a\nb"}})
    record.exc_info = (ValueError, ValueError("two\nlines"), None)
    line = JsonLines().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["exception"].endswith("lines")


def test_requests_are_counted_and_timed(watched: Site, stocked: Shop) -> None:
    assert watched.metrics is not None
    with visiting(watched) as client:
        client.post("/v1/search", json={"upload": stocked.bring(picture("red"))})
        client.get("/v1/items/a")
        client.get("/v1/items/b")
    told = samples(watched.metrics)
    labels = (("method", "GET"), ("route", "/v1/items/{id}"))
    assert told["lookalike_http_requests_total", (*labels, ("status", "404"))] == 2
    assert told["lookalike_http_request_duration_seconds_count", labels] == 2
    assert told["lookalike_http_requests_in_flight", ()] == 0
    assert told["lookalike_stage_duration_seconds_count", (("stage", "embed"),)] == 1
    assert ("lookalike_stage_duration_seconds_count", (("stage", "total"),)) not in told


def test_the_catalogue_is_counted_at_each_scrape(watched: Site, stocked: Shop) -> None:
    assert watched.metrics is not None
    before = samples(watched.metrics)
    assert before["lookalike_items", ()] == before["lookalike_photos", ()] == 3
    assert before["lookalike_uploads", (("status", "indexed"),)] == 3
    assert before["lookalike_queue_depth", (("queue", "received"),)] == 2
    stocked.sell("hat", picture("green"))
    assert samples(watched.metrics)["lookalike_index_entries", ()] == 4


def test_a_catalogue_that_cannot_be_counted_leaves_the_rest() -> None:
    def broken() -> Any:
        raise UnavailableError("down")

    metrics = Metrics()
    metrics.watch(broken, {})
    assert ("lookalike_http_requests_in_flight", ()) in samples(metrics)


def test_made_up_paths_and_methods_add_no_series(watched: Site) -> None:
    assert watched.metrics is not None
    counts = []
    for turn in range(2):
        with visiting(watched) as client:
            for number in range(20):
                client.request(f"BREW{turn}{number}", f"/v1/{turn}/{number}")
                client.get(f"/v1/items/{turn}{number}")
        counts.append(len(samples(watched.metrics)))
    assert counts[0] == counts[1]


def test_templates_are_told_from_one_another() -> None:
    templates = Templates(["/", "/v1/items", "/v1/items/{id}", "/v1/items/{id}/photos/{photo}", "/app.js"])
    for path, template in {
        "/": "/",
        "/v1/items": "/v1/items",
        "/v1/items/a:b+c@d": "/v1/items/{id}",
        "/v1/items/a/photos/b": "/v1/items/{id}/photos/{photo}",
        "/app.js": "/app.js",
    }.items():
        assert templates.of(path) == template
    for path in ("", "/v1/items/", "/v1/items/a/b", "/appxjs", "*", "/v1/items\n", "//"):
        assert templates.of(path) == "other", path


def test_it_is_live_whatever_hangs(browse: Browse, watched: Site) -> None:
    def broken() -> None:
        raise UnavailableError("down")

    full = replace(watched, max_in_flight=0, threads=1, token=TOKEN, readiness=Readiness({"index": broken}))
    answer = browse(full).get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


def test_it_is_ready_while_it_serves_and_is_sound(browse: Browse, site: Site) -> None:
    damage: list[Exception] = []

    def check() -> None:
        if damage:
            raise damage[0]

    client = browse(replace(site, readiness=Readiness({"catalogue": check}), max_in_flight=0))
    assert client.get("/readyz").json() == {"status": "ready"}
    assert client.head("/readyz").status_code == 200
    damage.append(CatalogueDamagedError("secret/path is short"))
    refused = client.get("/readyz")
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert refused.headers["retry-after"]
    assert "secret" not in refused.text
    damage.clear()
    assert client.get("/readyz").status_code == 200


def test_it_is_not_ready_before_and_after(site: Site) -> None:
    app = build_app(site)

    async def ask() -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", **NO_TLS) as client:
            return (await client.get("/readyz")).status_code

    told = {}
    for phase in Phase:
        site.readiness.phase = phase
        told[phase] = asyncio.run(ask())
    assert told == {Phase.STARTING: 503, Phase.SERVING: 200, Phase.STOPPING: 503}


def test_metrics_have_an_address_of_their_own(watched: Site) -> None:
    with visiting(watched) as client:
        client.get("/v1/items")
        assert client.get("/metrics").status_code == 404
    watched.readiness.phase = Phase.SERVING
    with metrics_at(watched, "127.0.0.1", 0) as url, httpx.Client(**NO_TLS) as reader:
        scraped = reader.get(url)
        assert scraped.headers["content-type"].startswith("text/plain; version=")
        assert 'lookalike_http_requests_total{method="GET",route="/v1/items",status="200"} 1.0' in scraped.text
        assert reader.head(url).headers["content-length"]
        root = url.removesuffix("/metrics")
        assert reader.get(f"{root}/livez").status_code == reader.get(f"{root}/readyz").status_code == 200
        watched.readiness.phase = Phase.STOPPING
        assert reader.get(f"{root}/readyz").status_code == 503
        watched.readiness.phase = Phase.SERVING
        for method, path, status in (("GET", "/v1/items", 404), ("POST", "/metrics", 405)):
            refused = reader.request(method, root + path)
            assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
        assert reader.get(url, headers={"host": "evil.example"}).status_code == 403
    assert "metrics" not in {thread.name for thread in threading.enumerate()}


def test_silent_connections_keep_no_probe_out(watched: Site) -> None:
    with metrics_at(watched, "127.0.0.1", 0) as url, ExitStack() as silent:
        root = url.removesuffix("/metrics")
        crowd = [silent.enter_context(connect(root)) for _ in range(60)]
        with httpx.Client(**NO_TLS) as reader:
            assert reader.get(f"{root}/livez").status_code == 200
        assert hear(crowd[0]) == b""  # closed to make room
        crowd[-1].sendall(b"nonsense\r\n\r\n")
        assert problem(hear(crowd[-1]))[0] == 400


def test_a_site_that_counts_nothing_has_no_metrics_to_serve(site: Site) -> None:
    with pytest.raises(InvalidRequestError, match="metrics"), metrics_at(site, "127.0.0.1", 0):
        pass


def test_the_document_names_every_metric_and_no_other() -> None:
    metrics = Metrics()
    with EmbeddedCatalogue(open_stores(None), FakeEmbedder()) as catalogue:
        site_of(catalogue, None, metrics)
        families = [family for family in metrics.registry.collect() if family.name.startswith("lookalike_")]
    told = set(re.findall(r"^\| `(lookalike_\w+)`", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    endings = {"counter": "_total", "info": "_info"}
    assert told == {family.name + endings.get(family.type, "") for family in families}
    assert not any(family.type == "unknown" for family in families)


def test_the_document_names_every_member_of_a_log_line() -> None:
    access = Access(method="GET", route="/", status=200, ms=1.0, request="x")
    line = json.loads(JsonLines().format(logging.makeLogRecord({"fields": asdict(access)})))
    told = set(re.findall(r"^\| `(\w+)` \| .* \| `", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == set(line) | {"exception"}
