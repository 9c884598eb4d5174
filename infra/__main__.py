import pulumi

from infra import stack_args as args
from infra.cloud import Cloud
from infra.tags import tag_everything

config = args.stack_config()
tag_everything(args.all_tags(config))
cloud = Cloud(config)

for name, value in cloud.outputs.items():
    pulumi.export(name, value)
