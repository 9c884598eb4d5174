import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long drawing examples takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("any machine", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("any machine")

REPOSITORY = Path(__file__).parents[1]
EXCUSES = ("platform:", "torch comes with the training extra only")
"""Reasons to skip that hold in CI too: another operating system's tests, and training, which serving never needs."""
CLOTHING = REPOSITORY.parent / "shared" / "data" / "clothing"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes by itself is begun first, lest one of several workers ends with it by itself."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI says so, a test that skips because a part is missing fails."""
    report = yield
    if os.environ.get("LOOKALIKE_NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(excuse in reason for excuse in EXCUSES):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped where it has to run: {reason}"
    return report


@pytest.fixture(scope="session")
def clothing() -> Path:
    """The folder of real garment photos beside the checkout."""
    if not CLOTHING.is_dir():
        pytest.skip("the clothing photos are not beside this checkout (../shared/data/clothing)")
    return CLOTHING
