"""A served catalogue that is damaged says so: in its health, its readiness and the answers it cannot give."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_harness import Run, connect_with_fake, picture

from lookalike.cli.site import site_of
from lookalike.contract.dispatcher import Dispatcher
from lookalike.contract.http import HttpRequest
from lookalike.contract.probes import Phase
from lookalike.contract.problems import problem_of
from lookalike.domain.query import ByPhoto, Query
from lookalike.embedded import EmbeddedCatalogue
from lookalike.errors import CatalogueDamagedError, UnavailableError

WAIT = 20


def not_a_number(path: Path) -> None:
    matrix = np.memmap(path, "<f4", "r+").reshape(-1, 256)
    matrix[2] = np.nan
    matrix.flush()


def short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def told(catalogue: EmbeddedCatalogue) -> bool:
    try:
        catalogue.check()
    except CatalogueDamagedError:
        return True
    return False


@pytest.mark.parametrize("damage", [not_a_number, short, Path.unlink], ids=["NaN", "short", "gone"])
def test_health_and_readiness_tell_of_damage(
    run: Run, shop: Path, photos: Path, damage: Callable[[Path], None]
) -> None:
    assert run("import", photos, "-c", shop, "--category-from-folder").code == 0
    damage(next(shop.glob("index/*/vectors.f32")))
    with connect_with_fake(str(shop)) as catalogue:
        assert isinstance(catalogue, EmbeddedCatalogue)
        site = site_of(catalogue, None)
        assert site.readiness is not None
        site.readiness.phase = Phase.SERVING
        catalogue.check()  # nobody has looked yet
        catalogue.start_workers()
        end = time.monotonic() + WAIT
        while not told(catalogue) and time.monotonic() < end:
            time.sleep(0.01)
        with pytest.raises(CatalogueDamagedError):
            catalogue.check()
        with pytest.raises(UnavailableError):
            site.readiness.check()
        assert Dispatcher(site.services)(HttpRequest("GET", "/v1/health")).status == 503
        with pytest.raises(CatalogueDamagedError) as caught:
            catalogue.search(Query(ByPhoto(picture(2))))
        assert problem_of(caught.value, "n-1").problem.type == "urn:lookalike:problem:catalogue-damaged"
        assert catalogue.status().items == 6
