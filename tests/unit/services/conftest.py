import pytest
from service_harness import Works


@pytest.fixture
def works() -> Works:
    """Every service, over fakes."""
    return Works()
