from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.api_domain import ApiDomain, ApiDomainArgs
from infra.components.brought import BroughtIndex
from infra.components.catalogue_tables import TablesThere
from infra.components.embedding_cache import EmbeddingCache
from infra.components.observability import Observability
from infra.components.photo_store import PhotoStore
from infra.components.search_api import SearchApi
from infra.components.vector_index import VectorIndex
from infra.components.work_queue import WorkQueue
from infra.config import StackConfig
from infra.functions import Intake, Parts, declare_functions, declare_keeper
from infra.inference import declare_triton
from infra.issuer import Issuer
from infra.place import Place
from infra.settle import settle


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionArgs:
    """`name` is AWS's, e.g. ``eu-central-1``; `provider` speaks to it.

    `search_role` is AWS's own role for search domains in networks, where it is made here.
    """

    name: str
    config: StackConfig
    provider: aws.Provider
    search_role: pulumi.Resource | None


class Region(pulumi.ComponentResource):
    """Everything that a search needs, in one region; at home, what fills the index as well.

    First its ground is made, which other regions refer to (the key, the network, the bucket), then, by `serve`, what
    stands on it and on the tables that all regions share.
    """

    place: Place
    photos: PhotoStore
    index: VectorIndex | BroughtIndex
    api: SearchApi
    url: pulumi.Output[str]
    outputs: dict[str, Any]

    def __init__(self, given: RegionArgs) -> None:
        opts = pulumi.ResourceOptions(provider=given.provider)
        super().__init__("lookalike:regions:Region", given.name, None, opts)
        self.provider = given.provider
        self.place = settle(given.name, given.config, parent=self)
        self.photos = PhotoStore(self.place.naming("photos"), args.photo_store(self.place), self.place.opts)
        self.index = _index(self.place, given.search_role)

    def serve(self, tables: TablesThere, issuer: Issuer) -> None:
        """Answer from here, to tokens of `issuer`, with the catalogue in `tables`."""
        place = self.place
        intake = self._take_in() if place.naming.at_home else None
        triton, cluster = declare_triton(place, intake.to_embed if intake else None)
        parts = Parts(
            place=place,
            photos=self.photos,
            tables=tables,
            intake=intake,
            index=self.index,
            triton=triton,
            cache=_cache(place),
            catalogue_claim=issuer.claim,
        )
        functions = declare_functions(parts)
        api_args = args.search_api(place, issuer, functions.owners)
        self.api = SearchApi(place.naming("api"), api_args, place.opts)
        Observability(place.naming("watch"), args.observability(parts, functions, self.api, cluster), place.opts)
        self.url = self._lead()
        self.outputs = {
            "api_url": self.url,
            "photo_bucket": self.photos.name,
            "tables": dict(tables.names),
            **(_queues(intake) if intake else {}),
            "releases": {name: function.release for name, function in functions.by_name.items()},
        }
        self.register_outputs(self.outputs)

    def _take_in(self) -> Intake:
        place, config = self.place, self.place.config
        received = args.work_queue(place, config.prepare, self.photos.bucket)
        intake = Intake(
            received=WorkQueue(place.naming("received"), received, place.opts),
            to_embed=WorkQueue(place.naming("to-embed"), args.work_queue(place, config.embed), place.opts),
        )
        self.photos.notify(intake.received)
        return intake

    def _lead(self) -> pulumi.Output[str]:
        place, domain = self.place, self.place.config.domain
        if domain is None:
            return self.api.url
        given = ApiDomainArgs(api=self.api, host=domain.api, zone_id=domain.zone_id, region=place.region)
        return ApiDomain(place.naming("api"), given, place.opts).url


def _index(place: Place, search_role: pulumi.Resource | None) -> VectorIndex | BroughtIndex:
    endpoint = place.config.index.endpoint
    if endpoint is not None:
        return BroughtIndex(endpoint, place.network)
    given = args.vector_index(place, declare_keeper(place), search_role)
    return VectorIndex(place.naming("index"), given, place.opts)


def _cache(place: Place) -> EmbeddingCache | None:
    if not place.config.cache.enabled:
        return None
    return EmbeddingCache(place.naming("cache"), args.embedding_cache(place), place.opts)


def _queues(intake: Intake) -> dict[str, pulumi.Output[str]]:
    return {
        "received_queue_url": intake.received.url,
        "received_dead_letter_url": intake.received.dead_letter_url,
        "to_embed_queue_url": intake.to_embed.url,
        "to_embed_dead_letter_url": intake.to_embed.dead_letter_url,
    }
