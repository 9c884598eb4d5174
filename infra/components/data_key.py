from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.statement import Conditions, Statement, document

_TELLING: Final = ("s3.amazonaws.com", "cloudwatch.amazonaws.com", "budgets.amazonaws.com")
"""Who writes under their own name into queues and topics that are encrypted: notifications, alarms, the budget.
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKeyArgs:
    """`account` is the owner's number, `region` where the key is used; a protected key refuses to be deleted."""

    account: pulumi.Input[str]
    region: pulumi.Input[str]
    protect: bool


class DataKey(pulumi.ComponentResource):
    """The one key that everything at rest in a region is encrypted with. Rotated every year.

    Each region has its own, which never leaves it: S3 and DynamoDB encrypt anew what they copy to another.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: DataKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:DataKey", name, None, opts)
        self._region = args.region
        key = aws.kms.Key(
            name,
            description="Lookalike: photos, queues and tables",
            enable_key_rotation=True,
            deletion_window_in_days=30 if args.protect else 7,
            policy=_key_policy(args),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        aws.kms.Alias(name, target_key_id=key.key_id, opts=pulumi.ResourceOptions(parent=self))
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})

    def decrypting(self, service: str) -> Statement:
        """What a reader needs, used through `service` (``s3``, ``sqs``, ``dynamodb``) only."""
        return Statement(("kms:Decrypt",), (self.arn,), conditions=self._through(service))

    def encrypting(self, service: str) -> Statement:
        """What a writer needs; SQS also looks at its data keys again by decrypting them.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        """
        actions = ("kms:Decrypt", "kms:GenerateDataKey") if service == "sqs" else ("kms:GenerateDataKey",)
        return Statement(actions, (self.arn,), conditions=self._through(service))

    def replicating(self, service: str) -> Statement:
        """What is needed to encrypt anew what was encrypted elsewhere with another key."""
        return Statement(("kms:Encrypt",), (self.arn,), conditions=self._through(service))

    def _through(self, service: str) -> Conditions:
        return {"StringEquals": {"kms:ViaService": pulumi.Output.concat(service, ".", self._region, ".amazonaws.com")}}


def _key_policy(args: DataKeyArgs) -> pulumi.Output[str]:
    # In a key's own policy "*" is this key. The account's statement is what lets IAM policies speak about it.
    root = pulumi.Output.concat("arn:aws:iam::", args.account, ":root")
    account = Statement(("kms:*",), ("*",), principals={"AWS": root})
    return document(account, *(_telling(service, args) for service in _TELLING), _serving(args), _logs(args))


def _telling(service: str, args: DataKeyArgs) -> Statement:
    return Statement(
        ("kms:Decrypt", "kms:GenerateDataKey"),
        ("*",),
        principals={"Service": service},
        conditions={"StringEquals": {"aws:SourceAccount": args.account}},
    )


def _serving(args: DataKeyArgs) -> Statement:
    # CloudFront reads the website's bucket under its own name. Any distribution of this account: the one there will be
    # is made after the key.
    ours = pulumi.Output.concat("arn:aws:cloudfront::", args.account, ":distribution/*")
    return Statement(
        ("kms:Decrypt",),
        ("*",),
        principals={"Service": "cloudfront.amazonaws.com"},
        conditions={"ArnLike": {"aws:SourceArn": ours}},
    )


def _logs(args: DataKeyArgs) -> Statement:
    # CloudWatch encrypts log groups under its own name. Its documentation ends some of these in a *, and adds
    # DescribeKey, which carries no encryption context and so is not allowed by this statement anyway.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    encrypting = ("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
    decrypting = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")
    groups = pulumi.Output.concat("arn:aws:logs:", args.region, ":", args.account, ":log-group:*")
    return Statement(
        (*encrypting, *decrypting),
        ("*",),
        principals={"Service": pulumi.Output.concat("logs.", args.region, ".amazonaws.com")},
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )
