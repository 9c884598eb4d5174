from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.catalogue_tables import CatalogueTables
from infra.components.data_key import DataKey
from infra.components.network import Network
from infra.components.photo_store import PhotoStore
from infra.components.search_api import SearchApi
from infra.components.work_queue import WorkQueue
from infra.config import StackConfig
from infra.functions import Parts, declare_functions
from infra.issuer import Issuer
from infra.naming import Naming


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
        config, name = given.config, Naming(given.name, given.config.home)
        child = pulumi.ResourceOptions(parent=self)
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(parent=self)).account_id
        key = DataKey(name("data"), args.data_key(config, account, given.name), child)
        alarms = args.alarms(config)
        network = Network(name("network"), args.network(config, key), child)
        photos = PhotoStore(name("photos"), args.photo_store(config, key), child)
        received = WorkQueue(
            name("received"), args.work_queue(config, config.prepare, account, key, alarms, photos.bucket), child
        )
        to_embed = WorkQueue(name("to-embed"), args.work_queue(config, config.embed, account, key, alarms), child)
        photos.notify(received)
        tables = CatalogueTables(name("catalogue"), args.catalogue_tables(config, key), child)
        parts = Parts(
            config=config,
            naming=name,
            opts=child,
            key=key,
            network=network,
            alarms=alarms,
            photos=photos,
            tables=tables,
            received=received,
            to_embed=to_embed,
            opensearch_endpoint=config.index.endpoint or "https://to.come",
            triton_endpoint=config.triton.endpoint or "to.come:8001",
            catalogue_claim=given.issuer.claim,
        )
        functions = declare_functions(parts)
        self.api = SearchApi(name("api"), args.search_api(config, key, alarms, given.issuer, functions.owners), child)
        self.outputs = {
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
