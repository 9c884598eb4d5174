from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# moto takes any key; these are its documentation's.
_KEY_ID: Final = "testing"
_SECRET: Final = "testing"  # noqa: S105 - not one


@dataclass(frozen=True, slots=True)
class Clients:
    """boto3's clients of an emulator, and the account and region they speak for."""

    account: str
    region: str
    s3: "S3Client"
    sqs: "SQSClient"
    dynamodb: "DynamoDBClient"
    kms: Any
    iam: Any
    ec2: Any
    logs: Any
    cloudwatch: Any
    cognito: Any
    sns: Any
    budgets: Any

    @classmethod
    def at(cls, endpoint_url: str, region: str) -> Self:
        """Clients of the emulator at this address; its account is asked for."""
        session = boto3.Session(aws_access_key_id=_KEY_ID, aws_secret_access_key=_SECRET, region_name=region)
        return cls(
            account=_account(session.client("sts", endpoint_url=endpoint_url)),
            region=region,
            s3=session.client("s3", endpoint_url=endpoint_url),
            sqs=session.client("sqs", endpoint_url=endpoint_url),
            dynamodb=session.client("dynamodb", endpoint_url=endpoint_url),
            kms=session.client("kms", endpoint_url=endpoint_url),
            iam=session.client("iam", endpoint_url=endpoint_url),
            ec2=session.client("ec2", endpoint_url=endpoint_url),
            logs=session.client("logs", endpoint_url=endpoint_url),
            cloudwatch=session.client("cloudwatch", endpoint_url=endpoint_url),
            sns=session.client("sns", endpoint_url=endpoint_url),
            budgets=session.client("budgets", endpoint_url=endpoint_url),
            cognito=session.client("cognito-idp", endpoint_url=endpoint_url),
        )

    def close(self) -> None:
        """Let connections go."""
        made: tuple[Any, ...] = (self.s3, self.sqs, self.dynamodb, self.kms, self.iam)
        for client in (*made, self.ec2, self.logs, self.cloudwatch, self.cognito, self.sns, self.budgets):
            client.close()


def _account(sts: Any) -> str:
    with closing(sts):
        return str(sts.get_caller_identity()["Account"])
