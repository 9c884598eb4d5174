"""Runs a component by itself, with every attribute known or, as before anything exists, with none."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.program import run_program
from infra.rehearsal.stage import Created, Stage

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-west-1"
_ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT, "id": ACCOUNT},
    "aws:index/getRegion:getRegion": {"region": REGION, "id": REGION},
}


def drawn(program: Callable[[], None], *, zones: int = 3) -> Plan:
    """What `program` comes to where every resource has an id, an ARN and whatever else others ask of it."""
    return run_program(_stage(_known, zones), _config(), stack="small", program=program)


def foreseen(program: Callable[[], None], *, zones: int = 3) -> Plan:
    """What a first preview of `program` comes to: no id and no ARN is known."""
    unknown = _stage(lambda _, __: Created(""), zones)
    return run_program(unknown, _config(), stack="small", preview=True, program=program)


def _config() -> dict[str, Any]:
    return {"aws:region": REGION}


def _stage(create: Callable[[Declared, Plan], Created], zones: int) -> Stage:
    names = [f"{REGION}{letter}" for letter in "abcdef"[:zones]]
    found = {"aws:index/getAvailabilityZones:getAvailabilityZones": {"names": names, "id": REGION}}
    return Stage(lambda _: create, {**_ANSWERS, **found})


def _known(declared: Declared, plan: Plan) -> Created:
    del plan
    kind = declared.type.rpartition(":")[2]
    arn = f"arn:aws:{declared.type.split(':')[1].split('/')[0]}:{REGION}:{ACCOUNT}:{kind}/{declared.name}"
    told = {"arn": arn, "name": f"{declared.name}-0a1b", "bucket": f"{declared.name}-0a1b", "keyId": declared.name}
    reached = {"endpoint": f"{declared.name}.{REGION}.example", "prefixListId": f"pl-{declared.name}"}
    return Created(f"{kind}-{declared.name}", {**told, **reached, **declared.inputs})
