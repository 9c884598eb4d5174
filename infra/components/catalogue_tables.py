from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    """`tables` to make, encrypted with `key`; protected ones refuse to be deleted.

    `replicas` are other regions that have them too, each with the key that encrypts them there.
    """

    key: DataKey
    protect: bool
    tables: tuple[Table, ...] = TABLES
    replicas: Mapping[str, DataKey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesThere:
    """The tables as one region has them: `arns` by what `lookalike.adapters.aws.tables` calls them, as are `names`."""

    names: Mapping[str, pulumi.Output[str]]
    arns: Mapping[str, pulumi.Output[str]]
    key: DataKey

    def allow(self, role: ExecutionRole, table: Table, *access: Access, query: Sequence[Index] = ()) -> None:
        """Let `role` do this with `table`, and query these of its indexes."""
        arn = self.arns[table.name]
        statements = [Statement(tuple(sorted(access)), (arn,)), self.key.decrypting("dynamodb")]
        if query:
            indexes = tuple(pulumi.Output.concat(arn, "/index/", index.name) for index in query)
            statements.append(Statement((Access.QUERY,), indexes))
        role.grant(f"uses-{table.name}", *[statement for statement in statements if statement.actions])


class CatalogueTables(pulumi.ComponentResource):
    """The ledger, the items and the event log: paid by request, any second of the last 35 days can be brought back.

    With replicas they are global tables: what is written in one region is in the others about a second later, and of
    two that write a row at once, the last one wins.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
    """

    here: TablesThere

    def __init__(self, name: str, args: CatalogueTablesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:CatalogueTables", name, None, opts)
        self._replicas = args.replicas
        made = {table.name: self._make(name, table, args) for table in args.tables}
        self.here = TablesThere(
            names={wanted: table.name for wanted, table in made.items()},
            arns={wanted: table.arn for wanted, table in made.items()},
            key=args.key,
        )
        self.register_outputs({"names": dict(self.names)})

    @property
    def names(self) -> Mapping[str, pulumi.Output[str]]:
        """The tables' names in the account, the same in every region."""
        return self.here.names

    def allow(self, role: ExecutionRole, table: Table, *access: Access, query: Sequence[Index] = ()) -> None:
        """Let `role` do this with `table`, and query these of its indexes."""
        self.here.allow(role, table, *access, query=query)

    def there(self, region: str) -> TablesThere:
        """The tables as another region has them. Raises `KeyError` for one that has none."""
        key = self._replicas[region]
        arns = {wanted: arn.apply(lambda arn: _moved(arn, region)) for wanted, arn in self.here.arns.items()}
        return TablesThere(names=self.names, arns=arns, key=key)

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
            # What replicas are fed from.
            stream_enabled=True if args.replicas else None,
            stream_view_type="NEW_AND_OLD_IMAGES" if args.replicas else None,
            replicas=[_replica(region, key, args.protect) for region, key in args.replicas.items()] or None,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )


def _index(index: Index) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    keys = zip(index.keys, ("HASH", "RANGE"), strict=False)
    return {
        "name": index.name,
        "key_schemas": [{"attribute_name": key.name, "key_type": kind} for key, kind in keys],
        "projection_type": "KEYS_ONLY",
    }


def _replica(region: str, key: DataKey, protect: bool) -> aws.dynamodb.TableReplicaArgsDict:
    return {
        "region_name": region,
        "kms_key_arn": key.arn,
        "point_in_time_recovery": True,
        "propagate_tags": True,
        "deletion_protection_enabled": protect,
    }


def _moved(arn: str, region: str) -> str:
    """The same name in another region: ``arn:partition:service:region:account:…``."""
    parts = arn.split(":", 4)
    return ":".join([*parts[:3], region, parts[4]])
