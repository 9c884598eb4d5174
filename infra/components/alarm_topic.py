from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey
from infra.components.statement import Conditions, Statement, document, only_over_tls


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmTopicArgs:
    """Tells `emails`; each address has to confirm, by a letter that AWS sends."""

    key: DataKey
    account: pulumi.Input[str]
    emails: tuple[str, ...] = ()


class AlarmTopic(pulumi.ComponentResource):
    """Where alarms and the budget are told of: encrypted, over TLS only, by this account's alarms and budgets alone."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:AlarmTopic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, kms_master_key_id=args.key.arn, opts=child)
        told_by = [_telling(service, args.account, topic) for service in ("cloudwatch", "budgets")]
        policy = document(*told_by, only_over_tls(topic.arn, action="sns:Publish"))
        guarded = aws.sns.TopicPolicy(name, arn=topic.arn, policy=policy, opts=child)
        for number, email in enumerate(args.emails):
            aws.sns.TopicSubscription(f"{name}-{number}", topic=topic.arn, protocol="email", endpoint=email, opts=child)
        # The policy's ARN is the topic's, and known once it is guarded.
        self.arn = guarded.arn
        self.register_outputs({"arn": self.arn})


def _telling(service: str, account: pulumi.Input[str], topic: aws.sns.Topic) -> Statement:
    ours: Conditions = {"StringEquals": {"aws:SourceAccount": account}}
    principals = {"Service": f"{service}.amazonaws.com"}
    return Statement(("sns:Publish",), (topic.arn,), principals=principals, conditions=ours)
