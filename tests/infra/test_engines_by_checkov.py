"""Checkov on what builds TensorRT's engines, which neither profile declares by itself."""

import re
from typing import Final

from infra.judges.checkov import judge
from infra.judges.waivers import BESIDE_THE_POINT, WAIVERS
from infra.rehearsal.plan import Plan
from tests.infra.engine_programs import drawn

OURS: Final = re.compile("engine|graphs")


def test_checkov_finds_nothing_new() -> None:
    plan = drawn()
    about = [urn for urn in plan.resources if OURS.search(urn.rpartition("::")[2])]
    verdict = judge(_with_all_they_refer_to(about, plan))
    passed, failed = ([one for one in found if OURS.search(one.resource)] for found in (verdict.passed, verdict.failed))
    assert {one.resource.partition(".")[0] for one in passed} >= {"Job", "ServiceAccount", "aws_iam_role_policy"}
    waived = (*WAIVERS, *BESIDE_THE_POINT)
    assert [one for one in failed if not any(waiver.covers("production", one) for waiver in waived)] == []


def _with_all_they_refer_to(some: list[str], whole: Plan) -> Plan:
    found, left = set(some), list(some)
    while left:
        used = {urn for urns in whole.resources[left.pop()].declared.uses.values() for urn in urns} - found
        found |= used
        left += used
    return Plan(resources={urn: whole.resources[urn] for urn in found}, home=whole.home)
