from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.brought import BroughtIndex, BroughtTriton
from infra.components.catalogue_tables import CatalogueTables
from infra.components.data_key import DataKey
from infra.components.network import Network
from infra.components.photo_store import PhotoStore
from infra.components.search_api import SearchApi
from infra.components.vector_index import VectorIndex
from infra.components.work_queue import WorkQueue
from infra.config import StackConfig
from infra.functions import Parts, declare_functions, declare_keeper
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

    def __init__(self, given: RegionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:regions:Region", given.name, None, opts)
        place = self._settle(given)
        name, child, config = place.naming, place.opts, place.config
        photos = PhotoStore(name("photos"), args.photo_store(place), child)
        received = WorkQueue(name("received"), args.work_queue(place, config.prepare, photos.bucket), child)
        to_embed = WorkQueue(name("to-embed"), args.work_queue(place, config.embed), child)
        photos.notify(received)
        tables = CatalogueTables(name("catalogue"), args.catalogue_tables(place), child)
        parts = Parts(
            place=place,
            photos=photos,
            tables=tables,
            received=received,
            to_embed=to_embed,
            index=_index(place),
            triton=_triton(place),
            catalogue_claim=given.issuer.claim,
        )
        functions = declare_functions(parts)
        self.api = SearchApi(name("api"), args.search_api(place, given.issuer, functions.owners), child)
        self.outputs: dict[str, Any] = {
            "api_url": self.api.url,
            "photo_bucket": photos.name,
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
        return Place(
            config=config,
            account=account,
            naming=naming,
            opts=child,
            key=key,
            network=Network(naming("network"), args.network(config, key), child),
            alarms=args.alarms(config),
        )


def _index(place: Place) -> VectorIndex | BroughtIndex:
    endpoint = place.config.index.endpoint
    if endpoint is not None:
        return BroughtIndex(endpoint, place.network)
    keeper = declare_keeper(place)
    return VectorIndex(place.naming("index"), args.vector_index(place, keeper), place.opts)


def _triton(place: Place) -> BroughtTriton:
    return BroughtTriton(place.config.triton.endpoint or "to.come:8001", place.network)
