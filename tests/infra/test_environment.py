"""What the program tells a function is what its settings read: nothing is missing, nothing is said to nobody."""

from typing import Final

import pytest

from functions.embed.wiring import EmbedSettings
from functions.prepare.wiring import PrepareSettings
from functions.search.wiring import SearchSettings
from functions.settings import Settings
from functions.uploads.wiring import UploadsSettings
from infra.environment import Variable
from infra.rehearsal import Rehearsed

SETTINGS: Final[dict[str, type[Settings]]] = {
    "uploads": UploadsSettings,
    "search": SearchSettings,
    "prepare": PrepareSettings,
    "embed": EmbedSettings,
}
OF_POWERTOOLS: Final = {Variable.SERVICE_NAME, Variable.METRICS_NAMESPACE, Variable.LOG_LEVEL}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_is_told_what_it_reads_and_no_more(rehearsed: Rehearsed, name: str) -> None:
    # What every function reads, AWS sets itself.
    read = SETTINGS[name].variables() - Settings.variables()
    told = set(rehearsed.functions[name].environment)
    assert told <= read | OF_POWERTOOLS
    assert told >= (read - SETTINGS[name].optional()) | OF_POWERTOOLS


@pytest.mark.parametrize("name", SETTINGS)
def test_what_it_is_told_can_be_read(rehearsed: Rehearsed, name: str) -> None:
    SETTINGS[name].read({**rehearsed.functions[name].environment, "AWS_REGION": rehearsed.region})


def test_aws_takes_the_names_and_the_size(rehearsed: Rehearsed) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html: at most 4 KB, and reserved names.
    for function in rehearsed.functions.values():
        assert sum(len(name) + len(value) for name, value in function.environment.items()) < 4096
        assert not any(name.startswith(("AWS_", "LAMBDA_", "_")) for name in function.environment)
