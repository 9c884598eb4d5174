import re
from typing import Any

import pulumi
import pytest

from infra.config import LOG_STEPS, ConfigError, StackConfig, read_config
from infra.rehearsal.preview import preview
from infra.rehearsal.rehearse import rehearsal_config
from tests.infra.conftest import PRODUCTION


def config_with(**changes: Any) -> StackConfig:
    return read_config({**PRODUCTION, **{f"lookalike:{name}": value for name, value in changes.items()}})


def test_values_come_as_pulumi_keeps_them() -> None:
    config = config_with(protect="false", throttle_rate="12.5", archive_after_days="45")
    assert (config.protect, config.throttle_rate, config.archive_after_days) == (False, 12.5, 45)
    assert config.jwt_audiences == ("lookalike-api",)
    assert (config.prepare.memory_mb, config.prepare.batch_size) == (3538, 10)


def test_the_rehearsals_stack_is_valid_and_unprotected() -> None:
    assert read_config(rehearsal_config()).protect is False


def test_keys_of_other_namespaces_are_others() -> None:
    assert read_config({**PRODUCTION, "aws:profile": "shop"}) == read_config(PRODUCTION)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"jwt_isuer": "x"}, "there is no key lookalike:jwt_isuer; is jwt_issuer meant?"),
        ({"zzz": "x"}, "there is no key lookalike:zzz"),
        ({"prepare": '{"memory": 512}'}, "there is no key lookalike:prepare.memory; is prepare.memory_mb meant?"),
        ({"search": '{"memory_mb": 99}'}, "lookalike:search.memory_mb: input should be greater than or equal to 128"),
        ({"jwt_issuer": "http://login.shop.example"}, "lookalike:jwt_issuer: must be an https:// address"),
        ({"opensearch_endpoint": "https://"}, "lookalike:opensearch_endpoint: must be an https:// address"),
        ({"web_origins": '["*"]'}, "lookalike:web_origins.0: must be an https:// address"),
        ({"web_origins": '["https://shop.example/"]'}, "lookalike:web_origins.0: must be an origin"),
        ({"jwt_audiences": "[]"}, "lookalike:jwt_audiences: "),
        ({"jwt_audiences": "[oops"}, "lookalike:jwt_audiences: "),
        ({"triton_endpoint": "triton"}, "lookalike:triton_endpoint: "),
        ({"prepare": '{"batch_size": 20, "batch_window_s": 0}'}, "needs a batch_window_s of at least 1"),
        ({"embed": '{"max_concurrency": 1}'}, "lookalike:embed.max_concurrency: input should be greater than"),
        ({"log_retention_days": "31"}, "log_retention_days must be one of 1, 3, 5"),
        ({"protect": "perhaps"}, "lookalike:protect: input should be a valid boolean"),
    ],
)
def test_a_wrong_key_or_value_gets_a_sentence(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        config_with(**changes)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match="lookalike:jwt_issuer must be set"):
        read_config({key: value for key, value in PRODUCTION.items() if key != "lookalike:jwt_issuer"})


def test_every_wrong_key_is_named_at_once() -> None:
    with pytest.raises(ConfigError, match=r"lookalike:one.*lookalike:two"):
        config_with(one="1", two="2")


def test_a_wrong_key_ends_the_preview_without_a_traceback() -> None:
    # pulumi.RunError is what the engine prints as it is.
    with pytest.raises(pulumi.RunError, match="there is no key lookalike:protekt; is protect meant"):
        preview({**PRODUCTION, "lookalike:protekt": "true"}, stack="wrong")


def test_every_key_says_what_it_is() -> None:
    def undescribed(model: Any) -> list[str]:
        nested = {"uploads", "search", "prepare", "embed"}
        return [name for name, field in model.model_fields.items() if not field.description and name not in nested]

    sections = [StackConfig, type(read_config(PRODUCTION).search), type(read_config(PRODUCTION).embed)]
    assert [undescribed(section) for section in sections] == [[], [], []]


@pytest.mark.parametrize("days", LOG_STEPS)
def test_log_retentions_are_cloudwatchs(days: int) -> None:
    assert config_with(log_retention_days=days).log_retention_days == days
