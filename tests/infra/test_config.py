import re
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from infra.config import LOG_STEPS, ConfigError, Section, StackConfig, read_config
from infra.config.read import section_in
from infra.rehearsal.preview import preview
from infra.rehearsal.rehearse import rehearsal_config
from tests.infra.conftest import PROFILES, stack_file

SHOP = {
    "aws:region": "eu-west-1",
    "lookalike:profile": "production",
    "lookalike:web_origins": '["https://www.shop.example"]',
    "lookalike:api": '{"issuer": "https://login.shop.example/", "audiences": ["lookalike-api"]}',
    "lookalike:prepare": '{"memory_mb": 3538, "max_concurrency": 400}',
}
ZONE = "Z0123456789"


def config_with(**changes: Any) -> StackConfig:
    return read_config({**SHOP, **{f"lookalike:{name}": value for name, value in changes.items()}})


def sections(model: type[Section] = StackConfig) -> Iterator[type[Section]]:
    """A section and all within it."""
    yield model
    for field in model.model_fields.values():
        inner = section_in(field.annotation)
        if inner is not None:
            yield from sections(inner)


def test_values_come_as_pulumi_keeps_them() -> None:
    config = config_with(protect="false", photos='{"archive_after_days": "45"}', searches_per_second="12.5")
    assert (config.protect, config.searches_per_second, config.photos.archive_after_days) == (False, 12.5, 45)
    assert config.api.audiences == ("lookalike-api",)
    assert (config.prepare.memory_mb, config.prepare.batch_size) == (3538, 10)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_region_is_all_that_has_to_be_set(profile: str) -> None:
    config = read_config({"aws:region": "eu-west-1", "lookalike:profile": profile})
    assert (config.home, config.regions, config.protect) == ("eu-west-1", ("eu-west-1",), True)


def test_the_profile_is_starter_unless_said_otherwise() -> None:
    assert read_config({"aws:region": "eu-west-1"}).profile == "starter"


@pytest.mark.parametrize("profile", PROFILES)
def test_files_to_copy_can_be_used_as_they_are(profile: str) -> None:
    assert read_config(stack_file(profile)).profile == profile


def test_production_grows_with_what_is_expected() -> None:
    small, large = (config_with(photos_expected=n, searches_per_second=n / 1e4) for n in (1_000_000, 50_000_000))
    assert large.index.instances > small.index.instances
    assert large.triton.most_replicas > small.triton.most_replicas
    assert large.api.throttle_rate > small.api.throttle_rate
    assert all(config.index.instances % config.index.zones == 0 for config in (small, large))


def test_what_the_stack_says_goes_before_what_the_profile_chooses() -> None:
    config = config_with(index='{"instances": 6}', cluster='{"baseline": {"most": 9}}')
    assert (config.index.instances, config.index.instance_type) == (6, "r7g.large.search")
    assert (config.cluster.baseline.most, config.cluster.baseline.instance_types) == (9, ("g6.xlarge",))


def test_null_takes_away_what_the_profile_chooses() -> None:
    config = config_with(cluster='{"burst": null}', prepare='{"max_concurrency": null, "pollers": {"most": 500}}')
    assert config.cluster.burst is None
    assert config.prepare.pollers is not None
    assert config.prepare.pollers.most == 500


def test_the_rehearsals_stack_is_valid_and_unprotected() -> None:
    config = read_config(rehearsal_config({"index": {"endpoint": "http://127.0.0.1:1"}}))
    assert (config.protect, config.profile, config.index.endpoint) == (False, "starter", "http://127.0.0.1:1")


def test_keys_of_other_namespaces_are_others() -> None:
    assert read_config({**SHOP, "aws:profile": "shop"}) == read_config(SHOP)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"profle": "x"}, "there is no key lookalike:profle; is profile meant?"),
        ({"zzz": "x"}, "there is no key lookalike:zzz"),
        ({"profile": "large"}, "lookalike:profile: input should be 'starter' or 'production', not 'large'"),
        ({"photos_expected": "many"}, "lookalike:photos_expected: input should be a valid integer"),
        ({"uploads_per_minute": "0"}, "lookalike:uploads_per_minute: input should be greater than or equal to 1"),
        ({"prepare": '{"memory": 512}'}, "there is no key lookalike:prepare.memory; is prepare.memory_mb meant?"),
        ({"prepare": '{"pollers": {"lest": 2}}'}, "no key lookalike:prepare.pollers.lest; is prepare.pollers.least"),
        (
            {"cluster": '{"baseline": {"lest": 3}}'},
            "there is no key lookalike:cluster.baseline.lest; is cluster.baseline.least meant?",
        ),
        (
            {"cluster": '{"baseline": {"least": 9, "most": 3}}'},
            "cluster.baseline: least (9) must not be above most (3)",
        ),
        ({"cluster": '{"baseline": {"least": -1}}'}, "lookalike:cluster.baseline.least: input should be greater than"),
        ({"search": '{"memory_mb": 99}'}, "lookalike:search.memory_mb: input should be greater than or equal to 128"),
        ({"api": '{"issuer": "http://login.shop.example"}'}, "lookalike:api.issuer: must be an https:// address"),
        ({"api": '{"audiences": ["x"]}'}, "lookalike:api: issuer and audiences go together"),
        ({"api": "[oops"}, "lookalike:api: must be a section, keys with values, not '[oops'"),
        ({"index": '{"endpoint": "https://"}'}, "lookalike:index.endpoint: must be an https:// address"),
        ({"index": '{"instances": 4}'}, "lookalike:index: 4 nodes do not spread evenly over 3 zones"),
        ({"index": '{"managers": 2}'}, "lookalike:index: dedicated managers are 3 or 5"),
        ({"triton": '{"endpoint": "triton"}'}, "lookalike:triton.endpoint: "),
        ({"triton": '{"image": "triton:latest"}'}, "lookalike:triton.image: "),
        (
            {"triton": '{"engines": {"best_batch": 33}}'},
            "triton.engines.best_batch: input should be less",
        ),
        (
            {"triton": '{"engines": {"enabled": true}}', "cluster": '{"gpu": false}'},
            "run on GPUs, and cluster.gpu",
        ),
        (
            {"triton": '{"engines": {"enabled": true}, "endpoint": "triton:8001"}'},
            "in a cluster made here",
        ),
        (
            {
                "triton": '{"engines": {"enabled": true}}',
                "cluster": '{"burst": {"instance_types": ["g6.xlarge", "g5.xlarge"]}}',
            },
            "lookalike: burst has GPUs of several types (A10G, L4): engines need groups of one type each",
        ),
        ({"network": '{"cidr": "8.8.0.0/16"}'}, "lookalike:network.cidr: must be a private block of /16 to /20"),
        ({"network": '{"cidr": "10.0.0.1/16"}'}, "lookalike:network.cidr: must be a block such as 10.40.0.0/16"),
        ({"network": '{"zones": 4}'}, "lookalike:network.zones: input should be less than or equal to 3"),
        ({"web_origins": '["*"]'}, "lookalike:web_origins.0: must be an https:// address"),
        ({"web_origins": '["https://shop.example/"]'}, "lookalike:web_origins.0: must be an origin"),
        ({"prepare": '{"batch_size": 20, "batch_window_s": 0}'}, "needs a batch_window_s of at least 1"),
        ({"prepare": '{"pollers": {}}'}, "lookalike:prepare: pollers and max_concurrency exclude each other"),
        ({"embed": '{"max_concurrency": 1}'}, "lookalike:embed.max_concurrency: input should be greater than"),
        ({"watch": '{"log_retention_days": 31}'}, "lookalike:watch.log_retention_days: must be one of 1, 3, 5"),
        ({"watch": '{"budget_usd": 10}'}, "lookalike:watch: budget_usd needs emails or an alarm_topic_arn"),
        ({"photos": '{"expire_after_days": 20}'}, "photos: expire_after_days must be above archive_after_days"),
        ({"protect": "perhaps"}, "lookalike:protect: input should be a valid boolean"),
        ({"regions": '["eu-west-1", "eu-west-1"]'}, "lookalike: regions must differ"),
        ({"regions": '["eu-west-1", "us-east-1"]'}, "lookalike: several regions need a domain"),
        ({"regions": '["Ireland"]'}, "lookalike:regions.0: "),
        ({"regions": '["us-east-1"]'}, "aws:region is eu-west-1, but the first of lookalike:regions is us-east-1"),
        ({"domain": f'{{"zone_id": "{ZONE}"}}'}, "lookalike:domain.api must be set"),
    ],
)
def test_a_wrong_key_or_value_gets_a_sentence(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        config_with(**changes)


def test_a_missing_region_is_named() -> None:
    with pytest.raises(ConfigError, match="aws:region must be set"):
        read_config({"lookalike:profile": "starter"})


def test_every_wrong_key_is_named_at_once() -> None:
    with pytest.raises(ConfigError, match=r"lookalike:index\.one.*lookalike:two"):
        config_with(index='{"one": 1}', two="2")


def test_a_wrong_key_ends_the_preview_without_a_traceback() -> None:
    # pulumi.RunError is what the engine prints as it is.
    with pytest.raises(pulumi.RunError, match=r"there is no key lookalike:index\.instanses; is index\.instances meant"):
        preview({**SHOP, "lookalike:index": '{"instanses": 3}'}, stack="wrong")


def test_every_key_says_what_it_is() -> None:
    undescribed = [
        f"{section.__name__}.{name}"
        for section in sections()
        for name, field in section.model_fields.items()
        if not field.description
    ]
    assert undescribed == []


def test_every_number_has_a_range() -> None:
    def bounded(field: Any) -> bool:
        said = {type(bound).__name__ for bound in field.metadata}
        return {"Ge", "Le"} <= said or {"Gt", "Le"} <= said or "AfterValidator" in said

    numbers = {
        f"{section.__name__}.{name}": field
        for section in sections()
        for name, field in section.model_fields.items()
        if field.annotation in (int, float, int | None, float | None)
    }
    assert [name for name, field in numbers.items() if not bounded(field)] == ["IndexConfig.managers"]  # 0, 3 or 5


@pytest.mark.parametrize("days", LOG_STEPS)
def test_log_retentions_are_cloudwatchs(days: int) -> None:
    assert config_with(watch=f'{{"log_retention_days": {days}}}').watch.log_retention_days == days
