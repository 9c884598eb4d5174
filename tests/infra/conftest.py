import gc
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs would be one more dependency, for one call

with warnings.catch_warnings():
    # pulumi_aws, on being imported, tells of the resources that it keeps under their old names; once, so here.
    warnings.simplefilter("ignore", DeprecationWarning)
    import infra.functions  # noqa: F401

from infra.rehearsal import Rehearsed, rehearse_infra
from infra.rehearsal.plan import Plan
from infra.rehearsal.preview import preview
from infra.rehearsal.program import run_program
from infra.rehearsal.rehearse import rehearsal_config, stage_in
from infra.rehearsal.sketch import sketch

PROFILES: Final = ("starter", "production")
_ROOT: Final = Path(__file__).parents[2]
_numbers = count(1)


def pytest_collection_finish() -> None:
    """pulumi_aws is a million objects that live as long as the process: the collector looks through them seldom."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # a quarter less time than with Python's own (700, 10, 10)


def stack_file(profile: str) -> dict[str, Any]:
    """The configuration that a shop copies, `Pulumi.<profile>.yaml`."""
    config: dict[str, Any] = yaml.safe_load((_ROOT / f"Pulumi.{profile}.yaml").read_text())["config"]
    return config


@pytest.fixture(scope="session")
def starter() -> Plan:
    """The plan of a small shop's stack, every attribute known."""
    return sketch(stack_file("starter"), stack="starter")


@pytest.fixture(scope="session")
def production() -> Plan:
    """The plan of a large shop's stack, every attribute known."""
    return sketch(stack_file("production"), stack="production")


@pytest.fixture(scope="session", params=PROFILES)
def profile(request: pytest.FixtureRequest) -> Plan:
    """One after the other, the plan of each profile."""
    plan: Plan = request.getfixturevalue(request.param)
    return plan


@pytest.fixture(scope="session")
def previewed() -> Callable[[str], Plan]:
    """The plan of a profile's stack before anything exists: every id and ARN is unknown."""
    return cache(lambda profile: preview(stack_file(profile), stack=profile))


@pytest.fixture(scope="session")
def rehearsed() -> Iterator[Rehearsed]:
    with rehearse_infra() as cloud:
        yield cloud


@pytest.fixture
def run(rehearsed: Rehearsed) -> Callable[[Callable[[], None]], Plan]:
    """Runs another program on the rehearsal's emulator, under names of its own."""

    def on_stage(program: Callable[[], None]) -> Plan:
        config: dict[str, Any] = rehearsal_config()
        stack = f"other-{next(_numbers)}"
        return run_program(stage_in(rehearsed.clients), config, stack=stack, program=program)

    return on_stage
