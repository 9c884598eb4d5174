from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.alarm_topic import AlarmTopic, AlarmTopicArgs
from infra.components.alarms import Alarms
from infra.components.api_domain import ApiDomain, ApiDomainArgs
from infra.components.brought import BroughtIndex
from infra.components.catalogue_tables import CatalogueTables
from infra.components.data_key import DataKey
from infra.components.embedding_cache import EmbeddingCache
from infra.components.log_bucket import LogBucket
from infra.components.network import Network
from infra.components.observability import Observability
from infra.components.photo_store import PhotoStore
from infra.components.search_api import SearchApi
from infra.components.vector_index import VectorIndex
from infra.components.work_queue import WorkQueue
from infra.config import StackConfig
from infra.functions import Parts, declare_functions, declare_keeper
from infra.inference import declare_triton
from infra.issuer import Issuer
from infra.naming import Naming
from infra.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionArgs:
    """`name` is AWS's, e.g. ``eu-central-1``; tokens of `issuer` are accepted."""

    name: str
    config: StackConfig
    issuer: Issuer


class Region(pulumi.ComponentResource):
    """Everything that a search needs, in one region: data, index, inference, functions and their API."""

    place: Place
    photos: PhotoStore
    api: SearchApi

    def __init__(self, given: RegionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:regions:Region", given.name, None, opts)
        self.place = place = self._settle(given)
        name, child, config = place.naming, place.opts, place.config
        self.photos = PhotoStore(name("photos"), args.photo_store(place), child)
        received = WorkQueue(name("received"), args.work_queue(place, config.prepare, self.photos.bucket), child)
        to_embed = WorkQueue(name("to-embed"), args.work_queue(place, config.embed), child)
        self.photos.notify(received)
        tables = CatalogueTables(name("catalogue"), args.catalogue_tables(place), child)
        triton, cluster = declare_triton(place, to_embed)
        parts = Parts(
            place=place,
            photos=self.photos,
            tables=tables,
            received=received,
            to_embed=to_embed,
            index=_index(place),
            triton=triton,
            cache=_cache(place),
            catalogue_claim=given.issuer.claim,
        )
        functions = declare_functions(parts)
        self.api = SearchApi(name("api"), args.search_api(place, given.issuer, functions.owners), child)
        watched = args.observability(parts, functions, self.api, cluster)
        Observability(name("watch"), watched, child)
        self.url = self._lead()
        self.outputs: dict[str, Any] = {
            "api_url": self.url,
            "photo_bucket": self.photos.name,
            "tables": dict(tables.names),
            "received_queue_url": received.url,
            "received_dead_letter_url": received.dead_letter_url,
            "to_embed_queue_url": to_embed.url,
            "to_embed_dead_letter_url": to_embed.dead_letter_url,
            "releases": {name: function.release for name, function in functions.by_name.items()},
        }
        self.register_outputs(self.outputs)

    def _settle(self, given: RegionArgs) -> Place:
        config, naming = given.config, Naming(given.name, given.config.home)
        child = pulumi.ResourceOptions(parent=self)
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(parent=self)).account_id
        key = DataKey(naming("data"), args.data_key(config, account, given.name), child)
        topic, pager = self._topics(config, naming, key, account)
        return Place(
            config=config,
            region=given.name,
            account=account,
            naming=naming,
            opts=child,
            key=key,
            network=Network(naming("network"), args.network(config, key), child),
            alarms=Alarms(topic),
            pager=Alarms(pager),
            logs=LogBucket(naming("logs"), args.log_bucket(config, account), child),
        )

    def _topics(
        self, config: StackConfig, naming: Naming, key: DataKey, account: pulumi.Input[str]
    ) -> tuple[pulumi.Input[str] | None, pulumi.Input[str] | None]:
        # CloudWatch tells topics of its own region alone.
        watch = config.watch
        if watch.emails:
            given = AlarmTopicArgs(key=key, account=account, emails=watch.emails)
            topic: pulumi.Input[str] | None = AlarmTopic(
                naming("alarms"), given, pulumi.ResourceOptions(parent=self)
            ).arn
        else:
            topic = watch.alarm_topic_arn if naming.at_home else None
        return topic, (watch.pager_topic_arn if naming.at_home else None) or topic

    def _lead(self) -> pulumi.Output[str]:
        place, domain = self.place, self.place.config.domain
        if domain is None:
            return self.api.url
        given = ApiDomainArgs(api=self.api, host=domain.api, zone_id=domain.zone_id, region=place.region)
        return ApiDomain(place.naming("api"), given, place.opts).url


def _index(place: Place) -> VectorIndex | BroughtIndex:
    endpoint = place.config.index.endpoint
    if endpoint is not None:
        return BroughtIndex(endpoint, place.network)
    return VectorIndex(place.naming("index"), args.vector_index(place, declare_keeper(place)), place.opts)


def _cache(place: Place) -> EmbeddingCache | None:
    if not place.config.cache.enabled:
        return None
    return EmbeddingCache(place.naming("cache"), args.embedding_cache(place), place.opts)
