import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.alarm_topic import AlarmTopic, AlarmTopicArgs
from infra.components.alarms import Alarms
from infra.components.data_key import DataKey
from infra.components.log_bucket import LogBucket
from infra.components.network import Network
from infra.config import StackConfig
from infra.naming import Naming
from infra.place import Place

_Topic = pulumi.Input[str] | None


def settle(region: str, config: StackConfig, parent: pulumi.Resource) -> Place:
    """Make what everything in a region stands on: its key, its network, its logs, and who hears of alarms."""
    naming, child = Naming(region, config.home), pulumi.ResourceOptions(parent=parent)
    account = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(parent=parent)).account_id
    key = DataKey(naming("data"), args.data_key(config, account, region), child)
    topic = _topic(config, naming, AlarmTopicArgs(key=key, account=account, emails=config.watch.emails), child)
    return Place(
        config=config,
        region=region,
        account=account,
        naming=naming,
        opts=child,
        key=key,
        network=Network(naming("network"), args.network(config, key), child),
        alarms=Alarms(topic),
        pager=Alarms(config.watch.pager_topic_arn if naming.at_home and config.watch.pager_topic_arn else topic),
        logs=LogBucket(naming("logs"), args.log_bucket(config, account), child),
    )


def _topic(config: StackConfig, naming: Naming, given: AlarmTopicArgs, opts: pulumi.ResourceOptions) -> _Topic:
    if given.emails:
        return AlarmTopic(naming("alarms"), given, opts).arn
    # An alarm tells topics of its own region alone.
    return config.watch.alarm_topic_arn if naming.at_home else None
