from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.alarms import Alarms, Runbook
from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.statement import Conditions, Statement, document, only_over_tls

_DAY_S: Final = 86_400
_KEPT_S: Final = 14 * _DAY_S  # the longest that SQS keeps a message
# KMS is asked once an hour rather than for every message; 5 minutes is SQS's own default.
_DATA_KEY_REUSE_S: Final = 3600
_LONG_POLL_S: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkQueueArgs:
    """`visibility_s` hides a message while it is worked on; after `max_receives` tries it is a dead letter.

    `fed_by` is the bucket, owned by `account`, whose notifications the queue takes, if any. `age_alarm_s` is the age
    in seconds of the oldest message that alarms.
    """

    account: pulumi.Input[str]
    key: DataKey
    visibility_s: int
    max_receives: int
    age_alarm_s: int
    alarms: Alarms
    protect: bool
    fed_by: aws.s3.Bucket | None = None


class WorkQueue(pulumi.ComponentResource):
    """A queue and where its dead letters go; encrypted, over TLS only, with alarms on age and on any dead letter."""

    name: pulumi.Output[str]
    url: pulumi.Output[str]
    arn: pulumi.Output[str]
    dead_letter_name: pulumi.Output[str]
    dead_letter_url: pulumi.Output[str]
    alarms: tuple[aws.cloudwatch.MetricAlarm, ...]
    """On age, then on dead letters."""
    policy: aws.sqs.QueuePolicy
    """What lets `fed_by` send; a notification has to wait for it, for S3 tries the queue when it is set."""

    def __init__(self, name: str, args: WorkQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:WorkQueue", name, None, opts)
        self._name, self._key, self.visibility_s = name, args.key, args.visibility_s
        self._dead = self._make(f"{name}-dead", args)
        redrive = {"deadLetterTargetArn": self._dead.arn, "maxReceiveCount": args.max_receives}
        self._queue = self._make(name, args, pulumi.Output.json_dumps(redrive))
        self._allow_redrive()
        self.policy = self._guard(name, self._queue, args)
        self._guard(f"{name}-dead", self._dead)
        self.alarms = self._watch(args)
        self.name, self.dead_letter_name = self._queue.name, self._dead.name
        self.url, self.arn, self.dead_letter_url = self._queue.url, self._queue.arn, self._dead.url
        self.register_outputs({"url": self.url, "arn": self.arn, "dead_letter_url": self.dead_letter_url})

    def allow_send(self, role: ExecutionRole) -> None:
        """Let `role` put messages in."""
        send = Statement(("sqs:SendMessage",), (self.arn,))
        role.grant(f"sends-{self._name}", send, self._key.encrypting("sqs"))

    def allow_consume(self, role: ExecutionRole) -> None:
        """Let an event-source mapping that runs under `role` take messages out."""
        actions = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
        role.grant(f"consumes-{self._name}", Statement(actions, (self.arn,)), self._key.decrypting("sqs"))

    def allow_measure(self, role: ExecutionRole) -> None:
        """Let `role` see how many messages wait, and none of them."""
        role.grant(f"measures-{self._name}", Statement(("sqs:GetQueueAttributes",), (self.arn,)))

    def _make(self, name: str, args: WorkQueueArgs, redrive: pulumi.Output[str] | None = None) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            name,
            visibility_timeout_seconds=args.visibility_s,
            message_retention_seconds=_KEPT_S,
            receive_wait_time_seconds=_LONG_POLL_S,
            kms_master_key_id=args.key.arn,
            kms_data_key_reuse_period_seconds=_DATA_KEY_REUSE_S,
            redrive_policy=redrive,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )

    def _allow_redrive(self) -> None:
        allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [self._queue.arn]}
        aws.sqs.RedriveAllowPolicy(
            self._name,
            queue_url=self._dead.url,
            redrive_allow_policy=pulumi.Output.json_dumps(allowed),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _guard(self, name: str, queue: aws.sqs.Queue, args: WorkQueueArgs | None = None) -> aws.sqs.QueuePolicy:
        statements = [only_over_tls(queue.arn, action="sqs:*")]
        if args is not None and args.fed_by is not None:
            statements.append(_sent_by(args.fed_by, args.account, queue))
        return aws.sqs.QueuePolicy(
            name, queue_url=queue.url, policy=document(*statements), opts=pulumi.ResourceOptions(parent=self)
        )

    def _watch(self, args: WorkQueueArgs) -> tuple[aws.cloudwatch.MetricAlarm, ...]:
        age = args.alarms.above(
            f"{self._name}-age",
            metric="AWS/SQS:ApproximateAgeOfOldestMessage",
            dimensions={"QueueName": self._queue.name},
            threshold=args.age_alarm_s,
            minutes=5,
            why=f"Queue {self._name}: a message has waited for more than {args.age_alarm_s} s.",
            runbook=Runbook.QUEUE_AGE,
            parent=self,
        )
        dead = args.alarms.above(
            f"{self._name}-dead-letters",
            metric="AWS/SQS:ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": self._dead.name},
            threshold=0,
            why=f"Queue {self._name}: {args.max_receives} tries at a message failed; it is a dead letter.",
            runbook=Runbook.DEAD_LETTERS,
            parent=self,
        )
        return age, dead


def _sent_by(bucket: aws.s3.Bucket, account: pulumi.Input[str], queue: aws.sqs.Queue) -> Statement:
    # A bucket's ARN is but its name, which another account could take once ours is gone: hence the account as well.
    sender: Conditions = {"ArnEquals": {"aws:SourceArn": bucket.arn}, "StringEquals": {"aws:SourceAccount": account}}
    service = {"Service": "s3.amazonaws.com"}
    return Statement(("sqs:SendMessage",), (queue.arn,), principals=service, conditions=sender)
