import warnings
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

import pytest

with warnings.catch_warnings():
    # pulumi_aws, on being imported, tells of the resources that it keeps under their old names; once, so here.
    warnings.simplefilter("ignore", DeprecationWarning)
    import infra.functions  # noqa: F401

from infra.rehearsal import Rehearsed, rehearse_infra
from infra.rehearsal.plan import Plan
from infra.rehearsal.preview import preview
from infra.rehearsal.program import run_program
from infra.rehearsal.rehearse import rehearsal_config, stage_in

PRODUCTION: Final = {
    "aws:region": "eu-west-1",
    "lookalike:opensearch_endpoint": "https://search.shop.example",
    "lookalike:triton_endpoint": "triton.internal.shop.example:8001",
    "lookalike:jwt_issuer": "https://login.shop.example/",
    "lookalike:jwt_audiences": '["lookalike-api"]',
    "lookalike:web_origins": '["https://www.shop.example"]',
    "lookalike:alarm_topic_arn": "arn:aws:sns:eu-west-1:111122223333:alarms",
    "lookalike:prepare": '{"memory_mb": 3538, "max_concurrency": 400, "reserved_concurrency": 400}',
    "lookalike:tags": '{"cost-centre": "search"}',
}
_numbers = count(1)


@pytest.fixture(scope="session")
def rehearsed() -> Iterator[Rehearsed]:
    with rehearse_infra() as cloud:
        yield cloud


@pytest.fixture(scope="session")
def production() -> Plan:
    """The plan of a shop's stack, before anything exists."""
    return preview(PRODUCTION, stack="production")


@pytest.fixture
def run(rehearsed: Rehearsed) -> Callable[[Callable[[], None]], Plan]:
    """Runs another program on the rehearsal's emulator, under names of its own."""

    def on_stage(program: Callable[[], None]) -> Plan:
        config: dict[str, Any] = rehearsal_config()
        stack = f"other-{next(_numbers)}"
        return run_program(stage_in(rehearsed.clients), config, stack=stack, program=program)

    return on_stage
