"""From the stack's configuration to each component's arguments."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from pulumi.runtime.config import CONFIG, get_config_env

from infra.components.alarms import Alarms
from infra.components.catalogue_tables import CatalogueTablesArgs
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.lambda_function import LambdaFunction
from infra.components.photo_store import PhotoStoreArgs
from infra.components.search_api import SearchApiArgs
from infra.components.work_queue import WorkQueueArgs
from infra.config import ConfigError, ConsumerConfig, StackConfig, read_config
from lookalike.contract.routes import ROUTES


def stack_config() -> StackConfig:
    """The configuration of the stack that runs. Ends the program with a sentence where it cannot be used."""
    try:
        # pulumi.Config gives one key at a time, by name; to find misspelt ones all have to be seen.
        return read_config({**get_config_env(), **CONFIG.get()})
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from error


def data_key(config: StackConfig, account: pulumi.Input[str], region: pulumi.Input[str]) -> DataKeyArgs:
    """The key that everything is encrypted with."""
    return DataKeyArgs(account=account, region=region, protect=config.protect)


def photo_store(config: StackConfig, key: DataKey) -> PhotoStoreArgs:
    """The bucket."""
    return PhotoStoreArgs(
        key=key,
        origins=config.web_origins,
        archive_after_days=config.archive_after_days,
        noncurrent_days=config.noncurrent_days,
        protect=config.protect,
    )


def work_queue(
    config: StackConfig,
    consumer: ConsumerConfig,
    account: pulumi.Input[str],
    key: DataKey,
    fed_by: aws.s3.Bucket | None = None,
) -> WorkQueueArgs:
    """A queue in front of `consumer`."""
    return WorkQueueArgs(
        account=account,
        key=key,
        visibility_s=consumer.visibility_s,
        max_receives=consumer.max_receives,
        age_alarm_s=config.queue_age_alarm_s,
        alarms=Alarms(config.alarm_topic_arn),
        protect=config.protect,
        fed_by=fed_by,
    )


def catalogue_tables(config: StackConfig, key: DataKey) -> CatalogueTablesArgs:
    """The tables that the adapters know."""
    return CatalogueTablesArgs(key=key, protect=config.protect)


def search_api(config: StackConfig, owners: Mapping[str, LambdaFunction]) -> SearchApiArgs:
    """The contract's routes."""
    return SearchApiArgs(
        routes=ROUTES,
        owners=owners,
        issuer=config.jwt_issuer,
        audiences=config.jwt_audiences,
        origins=config.web_origins,
        throttle_rate=config.throttle_rate,
        throttle_burst=config.throttle_burst,
        log_retention_days=config.log_retention_days,
    )
