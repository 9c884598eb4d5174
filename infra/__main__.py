import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.catalogue_tables import CatalogueTables
from infra.components.data_key import DataKey
from infra.components.photo_store import PhotoStore
from infra.components.search_api import SearchApi
from infra.components.work_queue import WorkQueue
from infra.functions import Parts, declare_functions
from infra.tags import tag_everything

config = args.stack_config()
tag_everything({"project": "lookalike", "stack": pulumi.get_stack(), **config.tags})

account, region = aws.get_caller_identity_output().account_id, aws.get_region_output().region
key = DataKey("data", args.data_key(config, account, region))
photos = PhotoStore("photos", args.photo_store(config, key))
received = WorkQueue("received", args.work_queue(config, config.prepare, account, key, fed_by=photos.bucket))
to_embed = WorkQueue("to-embed", args.work_queue(config, config.embed, account, key))
photos.notify(received)
tables = CatalogueTables("catalogue", args.catalogue_tables(config, key))
parts = Parts(config=config, key=key, photos=photos, tables=tables, received=received, to_embed=to_embed)
functions = declare_functions(parts)
api = SearchApi("api", args.search_api(config, functions.owners))

pulumi.export("api_url", api.url)
pulumi.export("photo_bucket", photos.name)
pulumi.export("tables", dict(tables.names))
pulumi.export("received_queue_url", received.url)
pulumi.export("received_dead_letter_url", received.dead_letter_url)
pulumi.export("to_embed_queue_url", to_embed.url)
pulumi.export("to_embed_dead_letter_url", to_embed.dead_letter_url)
