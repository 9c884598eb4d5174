from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.statement import Statement
from lookalike.adapters.aws.tables import TABLES, Index, Table


class Access(StrEnum):
    """What can be done with a table, by the one call that does it. A transaction asks for those of its parts."""

    READ_MANY = "dynamodb:BatchGetItem"
    QUERY = "dynamodb:Query"
    WRITE_MANY = "dynamodb:BatchWriteItem"
    CHANGE = "dynamodb:UpdateItem"
    PUT = "dynamodb:PutItem"
    DELETE = "dynamodb:DeleteItem"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueTablesArgs:
    """`tables` to make, encrypted with `key`; protected ones refuse to be deleted."""

    key: DataKey
    protect: bool
    tables: tuple[Table, ...] = TABLES


class CatalogueTables(pulumi.ComponentResource):
    """The ledger, the items and the event log: paid by request, any second of the last 35 days can be brought back."""

    names: Mapping[str, pulumi.Output[str]]
    """The tables' names in the account by what `lookalike.adapters.aws.tables` calls them."""

    def __init__(self, name: str, args: CatalogueTablesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:CatalogueTables", name, None, opts)
        self._key = args.key
        self._tables = {table.name: self._make(name, table, args) for table in args.tables}
        self.names = {wanted: table.name for wanted, table in self._tables.items()}
        self.register_outputs({"names": dict(self.names)})

    def allow(self, role: ExecutionRole, table: Table, *access: Access, query: Sequence[Index] = ()) -> None:
        """Let `role` do this with `table`, and query these of its indexes."""
        arn = self._tables[table.name].arn
        statements = [Statement(tuple(sorted(access)), (arn,)), self._key.decrypting("dynamodb")]
        if query:
            indexes = tuple(pulumi.Output.concat(arn, "/index/", index.name) for index in query)
            statements.append(Statement((Access.QUERY,), indexes))
        role.grant(f"uses-{table.name}", *[statement for statement in statements if statement.actions])

    def _make(self, name: str, table: Table, args: CatalogueTablesArgs) -> aws.dynamodb.Table:
        return aws.dynamodb.Table(
            f"{name}-{table.name}",
            billing_mode="PAY_PER_REQUEST",
            attributes=[{"name": key.name, "type": key.type} for key in table.key_attributes],
            hash_key=table.partition.name,
            range_key=table.sort.name if table.sort else None,
            global_secondary_indexes=[_index(index) for index in table.indexes],
            ttl={"enabled": True, "attribute_name": table.expiry} if table.expiry else None,
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": args.key.arn},
            deletion_protection_enabled=args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )


def _index(index: Index) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    keys = zip(index.keys, ("HASH", "RANGE"), strict=False)
    return {
        "name": index.name,
        "key_schemas": [{"attribute_name": key.name, "key_type": kind} for key, kind in keys],
        "projection_type": "KEYS_ONLY",
    }
