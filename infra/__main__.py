import pulumi

from infra import stack_args as args
from infra.cloud import Cloud
from infra.tags import tag_everything

config = args.stack_config()
tag_everything({"project": "lookalike", "stack": pulumi.get_stack(), **config.tags})
cloud = Cloud("lookalike", config)

for name, value in cloud.outputs.items():
    pulumi.export(name, value)
