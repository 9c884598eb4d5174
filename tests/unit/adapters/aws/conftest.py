from collections.abc import Iterator

import pytest

from tests.contract.aws_adapters import EmulatedAws, emulated_aws


@pytest.fixture(scope="session")
def aws() -> Iterator[EmulatedAws]:
    """Adapters of AWS on an emulator that speaks HTTP."""
    with emulated_aws() as emulated:
        yield emulated
