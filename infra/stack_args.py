"""From the stack's configuration to each component's arguments."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from pulumi.runtime.config import CONFIG, get_config_env

from infra.components.address_plan import plan_addresses
from infra.components.catalogue_tables import CatalogueTablesArgs
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.embedding_cache import EmbeddingCacheArgs
from infra.components.engine_build import EngineBuild, EngineBuildArgs, EngineSource
from infra.components.firewall import Firewall
from infra.components.gpu_cluster import GpuCluster, GpuClusterArgs
from infra.components.lambda_function import LambdaFunction
from infra.components.log_bucket import LogBucketArgs, LogWriter
from infra.components.model_store import ModelStore, ModelStoreArgs, shipped_model
from infra.components.network import NetworkArgs
from infra.components.observability import IndexWatched, ObservabilityArgs
from infra.components.photo_store import PhotoStoreArgs
from infra.components.search_api import SearchApi, SearchApiArgs
from infra.components.throttle import Throttle
from infra.components.triton.images import TRITON
from infra.components.triton.scaling import Scaling
from infra.components.triton.telemetry import TelemetryArgs
from infra.components.triton_service import TritonServiceArgs
from infra.components.user_pool import UserPoolArgs
from infra.components.vector_index import VectorIndex, VectorIndexArgs
from infra.components.website import OwnName, WebsiteArgs
from infra.components.work_queue import WorkQueue, WorkQueueArgs
from infra.config import PROJECT, ConfigError, ConsumerConfig, StackConfig, read_config
from infra.functions import ROOT, Functions, Parts
from infra.issuer import Issuer
from infra.place import Place
from lookalike.contract.routes import ROUTES
from lookalike.domain.catalogue import CatalogueId
from lookalike.sizing.triton_replicas import PHOTOS_A_SECOND_ON_A_CPU, PHOTOS_A_SECOND_ON_A_GPU


def stack_config() -> StackConfig:
    """The configuration of the stack that runs. Ends the program with a sentence where it cannot be used."""
    try:
        # pulumi.Config gives one key at a time, by name; to find misspelt ones all have to be seen.
        return read_config({**get_config_env(), **CONFIG.get()})
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from error


def all_tags(config: StackConfig) -> dict[str, str]:
    """What everything carries."""
    return {"project": PROJECT, "stack": pulumi.get_stack(), **config.tags}


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


def log_bucket(config: StackConfig, account: pulumi.Input[str]) -> LogBucketArgs:
    """Who read and wrote what in a region's buckets. They come after it, so any bucket of the account may."""
    reads = LogWriter(service="logging.s3.amazonaws.com", account=account, source_arn="arn:aws:s3:::*")
    return LogBucketArgs(writers=[reads], keep_days=config.watch.log_retention_days, protect=config.protect)


def photo_store(place: Place) -> PhotoStoreArgs:
    """The bucket."""
    config = place.config
    return PhotoStoreArgs(
        key=place.key,
        archive_after_days=config.photos.archive_after_days,
        expire_after_days=config.photos.expire_after_days,
        noncurrent_days=config.photos.noncurrent_days,
        protect=config.protect,
        log=place.logs,
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


def catalogue_tables(home: Place, others: Sequence[Place]) -> CatalogueTablesArgs:
    """The tables that the adapters know, at home and in the other regions."""
    replicas = {place.region: place.key for place in others}
    return CatalogueTablesArgs(key=home.key, protect=home.config.protect, replicas=replicas)


def vector_index(place: Place, keeper: LambdaFunction, search_role: pulumi.Resource | None) -> VectorIndexArgs:
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
        service_role=search_role,
    )


def model_store(place: Place) -> ModelStoreArgs:
    """The bucket of models, with the one that this checkout ships."""
    config = place.config
    return ModelStoreArgs(
        repository=shipped_model(gpu=config.cluster.gpu),
        key=place.key,
        protect=config.protect,
        log=place.logs,
        revision=config.model.revision,
    )


def gpu_cluster(place: Place) -> GpuClusterArgs:
    """Where Triton runs."""
    config, cluster = place.config, place.config.cluster
    return GpuClusterArgs(
        network=place.network,
        key=place.key,
        gpu=cluster.gpu,
        baseline=cluster.baseline,
        burst=cluster.burst,
        batch=cluster.batch,
        log_retention_days=config.watch.log_retention_days,
        kubernetes_version=cluster.kubernetes_version,
        warm=cluster.warm,
        admin_cidrs=cluster.admin_cidrs,
        administrators=cluster.administrators,
        tags=all_tags(config),
    )


def engine_build(place: Place, cluster: GpuCluster, models: ModelStore, source: EngineSource) -> EngineBuildArgs:
    """TensorRT's engines, by the image that runs them."""
    triton = place.config.triton
    return EngineBuildArgs(
        cluster=cluster,
        models=models,
        source=source,
        image=triton.image or TRITON,
        best_batch=triton.engines.best_batch,
        workspace_mib=triton.engines.workspace_mib,
    )


def triton_service(
    place: Place, cluster: GpuCluster, models: ModelStore, engines: EngineBuild | None, queue: WorkQueue | None
) -> TritonServiceArgs:
    """Triton: callers are functions in private subnets."""
    config, triton = place.config, place.config.triton
    rate = PHOTOS_A_SECOND_ON_A_GPU if config.cluster.gpu else PHOTOS_A_SECOND_ON_A_CPU
    subnets = plan_addresses(config.network.cidr, config.network.zones).private
    return TritonServiceArgs(
        cluster=cluster,
        network=place.network,
        models=models,
        engines=engines,
        queue=queue,
        scaling=Scaling(least=triton.least_replicas, most=triton.most_replicas, rate=rate),
        clients=tuple(map(str, subnets)),
        protect=config.protect,
        image=triton.image or TRITON,
        model_name=config.model.name,
        telemetry=TelemetryArgs(key=place.key, retention_days=config.watch.log_retention_days),
        pod_monitor=triton.pod_monitor,
    )


def embedding_cache(place: Place) -> EmbeddingCacheArgs:
    """Valkey."""
    cache = place.config.cache
    return EmbeddingCacheArgs(network=place.network, key=place.key, node_type=cache.node_type, replicas=cache.replicas)


def user_pool(home: Place) -> UserPoolArgs:
    """Who vouches for callers."""
    config = home.config
    return UserPoolArgs(
        catalogues=tuple(map(CatalogueId, config.api.catalogues)), account=home.account, protect=config.protect
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


def observability(parts: Parts, functions: Functions, api: SearchApi, cluster: GpuCluster | None) -> ObservabilityArgs:
    """One look at a region."""
    place = parts.place
    index = parts.index.domain.domain_name if isinstance(parts.index, VectorIndex) else None
    return ObservabilityArgs(
        region=place.region,
        functions=functions.by_name,
        received=parts.intake.received if parts.intake else None,
        to_embed=parts.intake.to_embed if parts.intake else None,
        api=api,
        tables=parts.tables.names,
        photo_bucket=parts.photos.name,
        index=IndexWatched(domain=index, account=place.account) if index is not None else None,
        cluster=cluster.name if cluster is not None else None,
        alarms=place.alarms,
        pager=place.pager,
    )


def website(
    home: Place, api_host: pulumi.Input[str], forms: Sequence[pulumi.Input[str]], wall: Firewall | None
) -> WebsiteArgs:
    """The shopper's page behind `wall`, before the API at `api_host`; it posts forms to `forms`."""
    domain = home.config.domain
    return WebsiteArgs(
        folder=ROOT / "web",
        api_host=api_host,
        form_origins=forms,
        key=home.key,
        account=home.account,
        log_retention_days=home.config.watch.log_retention_days,
        protect=home.config.protect,
        own_name=OwnName(host=domain.website, zone_id=domain.zone_id) if domain and domain.website else None,
        web_acl_arn=wall.arn if wall else None,
    )
