import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cli_harness import Run

from lookalike.cli.serve import address_of

_PROGRAM = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from cli_harness import connect_with_fake
from lookalike.cli.app import app
from lookalike.cli.session import Session
app(obj=Session(connect=connect_with_fake))
"""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="platform: no SIGINT to send to one process")


@contextmanager
def started(*arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _PROGRAM, str(Path(__file__).parent), *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environ}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_it_says_where_answers_and_ends_well(shop: Path) -> None:
    with started("serve", "-c", str(shop), "--port", "0", "--json") as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert httpx.get(f"{url}/v1/health").json()["model"].startswith("fake-")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, "Traceback" in err) == (0, "", False)


def test_a_token_is_asked_for(shop: Path, tmp_path: Path) -> None:
    secret = "a-token-of-some-length"  # noqa: S105
    (tmp_path / "token").write_text(f"{secret}\n")
    for more, environ in (
        (("--token-file", str(tmp_path / "token")), {}),
        ((), {"LOOKALIKE_TOKEN": secret}),
    ):
        with started("serve", "-c", str(shop), "--port", "0", "--json", *more, **environ) as process:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            headers = {"Authorization": f"Bearer {secret}"}
            assert httpx.get(f"{url}/v1/items").status_code == 401
            assert httpx.get(f"{url}/v1/items", headers=headers).status_code == 200


def test_its_log_is_lines_of_json_and_metrics_are_beside(shop: Path) -> None:
    with started("serve", "-c", str(shop), "--port", "0", "--json", "--metrics-address", "127.0.0.1:0") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        httpx.get(f"{told['url']}/v1/items/red-dress")
        assert process.stderr is not None
        err = process.stderr.readline()  # written once the answer is sent, and counted next
        scraped = httpx.get(told["metrics"]).text
        process.send_signal(signal.SIGTERM)
        err += process.communicate(timeout=30)[1]
    assert "lookalike_http_requests_in_flight" in scraped
    assert 'lookalike_queue_depth{queue="to_embed"} 0.0' in scraped
    (line,) = [json.loads(line) for line in err.splitlines()]
    assert (line["route"], line["status"], line["level"]) == ("/v1/items/{id}", 404, "info")
    assert "red-dress" not in err


def test_a_higher_log_level_leaves_requests_out(shop: Path) -> None:
    with started("serve", "-c", str(shop), "--port", "0", "--json", "--log-level", "warning") as process:
        assert process.stdout is not None
        httpx.get(json.loads(process.stdout.readline())["url"] + "/v1/items")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert err == ""


@pytest.mark.parametrize("wrong", ["9464", ":9464", "localhost", "localhost:", "::1:80", "localhost:99999", "a:b"])
def test_an_odd_metrics_address_is_told(run: Run, shop: Path, wrong: str) -> None:
    ran = run("serve", "-c", shop, "--port", "0", "--metrics-address", wrong)
    assert (ran.code, "metrics-address" in ran.err) == (2, True)


def test_addresses_of_both_families_are_read() -> None:
    assert address_of("127.0.0.1:9464") == ("127.0.0.1", 9464)
    assert address_of("[::1]:0") == ("::1", 0)


def test_others_can_only_be_served_with_a_token(run: Run, shop: Path, tmp_path: Path) -> None:
    ran = run("serve", "-c", shop, "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    assert (ran.code, "token" in ran.err) == (2, True)
    (tmp_path / "empty").write_text("\n")
    assert run("serve", "-c", shop, "--token-file", tmp_path / "empty").code == 2
    assert run("serve", "-c", shop, "--token", "secret").code == 2


def test_a_reader_that_goes_away_is_no_error_to_show(shop: Path) -> None:
    shop.mkdir()
    with started("status", "-c", "memory:", "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.wait(30)
    assert (process.returncode, err) == (141, "")
