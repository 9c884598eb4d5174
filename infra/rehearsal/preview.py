from collections.abc import Callable, Mapping
from typing import Any

from infra.rehearsal.answers import answers_of
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.program import run_program, the_program
from infra.rehearsal.stage import Created, Stage


def preview(config: Mapping[str, Any], *, stack: str, program: Callable[[], None] = the_program) -> Plan:
    """The plan of a first `pulumi preview`: nothing exists, so every id and ARN is unknown, and nothing is made."""
    stage = Stage(lambda _: _unknown, answers_of(), config["aws:region"])
    return run_program(stage, config, stack=stack, preview=True, program=program)


def _unknown(declared: Declared, plan: Plan) -> Created:
    del declared, plan
    return Created("")
