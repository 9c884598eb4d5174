import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws
import pytest

from infra.components.catalogue_tables import Access, CatalogueTables, CatalogueTablesArgs
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.execution_role import ExecutionRole
from infra.rehearsal.plan import Plan, Resource
from lookalike.adapters.aws import tables as t
from tests.infra.small_programs import ACCOUNT, REGION, drawn, foreseen

AWAY: Final = "ap-southeast-2"
TABLE: Final = "aws:dynamodb/table:Table"


def a_key(name: str, region: str) -> DataKey:
    away = None if region == REGION else pulumi.ResourceOptions(provider=aws.Provider(region, region=region))
    return DataKey(name, DataKeyArgs(account=ACCOUNT, region=region, protect=True), away)


def alone() -> None:
    args = CatalogueTablesArgs(key=a_key("here", REGION), protect=True)
    CatalogueTables("catalogue", args).allow(ExecutionRole("search"), t.ITEMS, Access.READ_MANY, query=[t.BY_SHARD])


def copied() -> None:
    args = CatalogueTablesArgs(key=a_key("here", REGION), protect=True, replicas={AWAY: a_key("there", AWAY)})
    tables = CatalogueTables("catalogue", args)
    tables.there(AWAY).allow(ExecutionRole("search"), t.ITEMS, Access.READ_MANY, query=[t.BY_SHARD])
    pulumi.export("there", dict(tables.there(AWAY).names))


@pytest.fixture(scope="module")
def one() -> Plan:
    return drawn(alone)


@pytest.fixture(scope="module")
def two() -> Plan:
    return drawn(copied)


@pytest.fixture(params=["one", "two"])
def plan(request: pytest.FixtureRequest) -> Plan:
    drawing: Plan = request.getfixturevalue(request.param)
    return drawing


def made(plan: Plan) -> dict[str, Resource]:
    found = {table.name.removeprefix("catalogue-"): table for table in plan.of(TABLE)}
    assert set(found) == {"uploads", "photos", "items", "item_photos", "events"}
    return found


def key_arn(plan: Plan, name: str = "here") -> str:
    return str(plan.one("aws:kms/key:Key", name).attributes["arn"])


def granted(plan: Plan) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(
        plan.one("aws:iam/rolePolicy:RolePolicy", "search-uses-items").inputs["policy"]
    )["Statement"]
    return found


def test_any_second_can_be_brought_back(plan: Plan) -> None:
    for table in made(plan).values():
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}


def test_tables_are_encrypted_with_our_key(plan: Plan) -> None:
    for table in made(plan).values():
        assert table.inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": key_arn(plan)}


def test_tables_refuse_to_be_deleted_twice_over(plan: Plan) -> None:
    for table in made(plan).values():
        assert table.inputs["deletionProtectionEnabled"] is True
        assert table.declared.protect is True


def test_rows_that_end_go_by_themselves(plan: Plan) -> None:
    ends = {name: table.inputs["ttl"] for name, table in made(plan).items() if "ttl" in table.inputs}
    assert ends == {name: {"enabled": True, "attributeName": "expires_at"} for name in ("uploads", "photos")}


def test_tables_are_paid_by_request(plan: Plan) -> None:
    assert {table.inputs["billingMode"] for table in made(plan).values()} == {"PAY_PER_REQUEST"}


def test_one_region_pays_for_no_copies(one: Plan) -> None:
    for table in made(one).values():
        assert table.inputs.keys().isdisjoint({"replicas", "streamEnabled", "streamViewType"})


def test_each_other_region_has_a_copy_as_well_kept(two: Plan) -> None:
    for table in made(two).values():
        assert (table.inputs["streamEnabled"], table.inputs["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")
        (replica,) = table.inputs["replicas"]
        assert replica == {
            "regionName": AWAY,
            "kmsKeyArn": key_arn(two, "there"),
            "pointInTimeRecovery": True,
            "propagateTags": True,
            "deletionProtectionEnabled": True,
        }


def test_a_role_may_use_the_tables_of_its_own_region(one: Plan, two: Plan) -> None:
    for plan, region, key in ((one, REGION, "here"), (two, AWAY, "there")):
        name = made(plan)["items"].attributes["name"]
        arn = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"
        read, decrypt, query = granted(plan)
        assert (read["Action"], read["Resource"]) == (["dynamodb:BatchGetItem"], [arn])
        assert (query["Action"], query["Resource"]) == (["dynamodb:Query"], [f"{arn}/index/by_shard"])
        assert (decrypt["Action"], decrypt["Resource"]) == (["kms:Decrypt"], [key_arn(plan, key)])
        assert decrypt["Condition"] == {"StringEquals": {"kms:ViaService": f"dynamodb.{region}.amazonaws.com"}}


def test_tables_have_one_name_everywhere(two: Plan) -> None:
    assert two.outputs["there"] == {name: table.attributes["name"] for name, table in made(two).items()}


def test_the_first_preview_shows_the_same_resources(two: Plan) -> None:
    assert set(foreseen(copied).resources) == set(two.resources)
