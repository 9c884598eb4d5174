from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra.rehearsal.making.names import physical_name, tag_list
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.stage import Create, Created

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def creators(dynamodb: "DynamoDBClient") -> Mapping[str, Create]:
    """Of tables."""
    return {"aws:dynamodb/table:Table": _Tables(dynamodb).table}


class _Tables:
    def __init__(self, dynamodb: "DynamoDBClient") -> None:
        self._dynamodb: Any = dynamodb

    def table(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name, said = physical_name(declared), declared.inputs
        made = self._dynamodb.create_table(TableName=name, Tags=tag_list(declared), **_request(said))
        if "ttl" in said:
            expiry = {"Enabled": said["ttl"]["enabled"], "AttributeName": said["ttl"]["attributeName"]}
            self._dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
        recovery = {"PointInTimeRecoveryEnabled": said["pointInTimeRecovery"]["enabled"]}
        self._dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
        return Created(name, {"name": name, "arn": made["TableDescription"]["TableArn"]})


def _request(said: Mapping[str, Any]) -> dict[str, Any]:
    indexes = [_index(index) for index in said.get("globalSecondaryIndexes", [])]
    encryption = said["serverSideEncryption"]
    return {
        "BillingMode": said["billingMode"],
        "AttributeDefinitions": [
            {"AttributeName": attribute["name"], "AttributeType": attribute["type"]} for attribute in said["attributes"]
        ],
        "KeySchema": _keys(said),
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        "SSESpecification": {
            "Enabled": encryption["enabled"],
            "SSEType": "KMS",
            "KMSMasterKeyId": encryption["kmsKeyArn"],
        },
        "DeletionProtectionEnabled": said["deletionProtectionEnabled"],
    }


def _index(index: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "IndexName": index["name"],
        "KeySchema": [{"AttributeName": k["attributeName"], "KeyType": k["keyType"]} for k in index["keySchemas"]],
        "Projection": {"ProjectionType": index["projectionType"]},
    }


def _keys(table: Mapping[str, Any]) -> list[dict[str, str]]:
    named = ((table["hashKey"], "HASH"), (table.get("rangeKey"), "RANGE"))
    return [{"AttributeName": name, "KeyType": kind} for name, kind in named if name]
