"""From the stack's configuration to each component's arguments."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from pulumi.runtime.config import CONFIG, get_config_env

from infra.components.alarms import Alarms
from infra.components.catalogue_tables import CatalogueTablesArgs
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.lambda_function import LambdaFunction
from infra.components.network import NetworkArgs
from infra.components.photo_store import PhotoStoreArgs
from infra.components.search_api import SearchApiArgs
from infra.components.throttle import Throttle
from infra.components.user_pool import UserPoolArgs
from infra.components.vector_index import VectorIndexArgs
from infra.components.work_queue import WorkQueueArgs
from infra.config import ConfigError, ConsumerConfig, StackConfig, read_config
from infra.issuer import Issuer
from infra.place import Place
from lookalike.contract.routes import ROUTES
from lookalike.domain.catalogue import CatalogueId


def stack_config() -> StackConfig:
    """The configuration of the stack that runs. Ends the program with a sentence where it cannot be used."""
    try:
        # pulumi.Config gives one key at a time, by name; to find misspelt ones all have to be seen.
        return read_config({**get_config_env(), **CONFIG.get()})
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from error


def alarms(config: StackConfig) -> Alarms:
    """Who makes alarms."""
    return Alarms(config.watch.alarm_topic_arn)


def data_key(config: StackConfig, account: pulumi.Input[str], region: str) -> DataKeyArgs:
    """The key that everything in a region is encrypted with."""
    return DataKeyArgs(account=account, region=region, protect=config.protect)


def network(config: StackConfig, key: DataKey) -> NetworkArgs:
    """The VPC."""
    return NetworkArgs(
        cidr=config.network.cidr,
        zones=config.network.zones,
        nat=config.network.nat != "none",
        shared_nat=config.network.nat == "one",
        interface_endpoints=config.network.interface_endpoints,
        flow_log_retention_days=config.network.flow_log_retention_days,
        key=key,
    )


def photo_store(place: Place) -> PhotoStoreArgs:
    """The bucket."""
    config = place.config
    return PhotoStoreArgs(
        key=place.key,
        origins=config.web_origins,
        archive_after_days=config.photos.archive_after_days,
        noncurrent_days=config.photos.noncurrent_days,
        protect=config.protect,
    )


def work_queue(place: Place, consumer: ConsumerConfig, fed_by: aws.s3.Bucket | None = None) -> WorkQueueArgs:
    """A queue in front of `consumer`."""
    return WorkQueueArgs(
        account=place.account,
        key=place.key,
        visibility_s=consumer.visibility_s,
        max_receives=consumer.max_receives,
        age_alarm_s=place.config.watch.queue_age_alarm_s,
        alarms=place.alarms,
        protect=place.config.protect,
        fed_by=fed_by,
    )


def catalogue_tables(place: Place) -> CatalogueTablesArgs:
    """The tables that the adapters know."""
    return CatalogueTablesArgs(key=place.key, protect=place.config.protect)


def vector_index(place: Place, keeper: LambdaFunction) -> VectorIndexArgs:
    """OpenSearch, as the profile sizes it."""
    config = place.config
    return VectorIndexArgs(
        network=place.network,
        key=place.key,
        size=config.index.size,
        photos_expected=config.photos_expected,
        keeper=keeper,
        account=place.account,
        protect=config.protect,
        log_retention_days=config.watch.log_retention_days,
    )


def user_pool(config: StackConfig, account: pulumi.Input[str]) -> UserPoolArgs:
    """Who vouches for callers."""
    return UserPoolArgs(
        catalogues=tuple(map(CatalogueId, config.api.catalogues)), account=account, protect=config.protect
    )


def search_api(place: Place, issuer: Issuer, owners: Mapping[str, LambdaFunction]) -> SearchApiArgs:
    """The contract's routes, those that `owners` have."""
    api = place.config.api
    return SearchApiArgs(
        routes=tuple(route for route in ROUTES if route.name in owners),
        owners=owners,
        issuer=issuer.url,
        audiences=issuer.audiences,
        origins=place.config.web_origins,
        throttle=Throttle(rate=api.throttle_rate, burst=api.throttle_burst),
        route_throttles={"requestUpload": Throttle(rate=api.upload_rate, burst=api.upload_burst)},
        key=place.key,
        log_retention_days=place.config.watch.log_retention_days,
        alarms=place.alarms,
    )
