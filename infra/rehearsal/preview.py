from collections.abc import Callable, Mapping
from typing import Any, Final

from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.program import run_program, the_program
from infra.rehearsal.stage import Created, Stage

# The account of AWS's own examples.
_ACCOUNT: Final = "111122223333"


def preview(config: Mapping[str, Any], *, stack: str, program: Callable[[], None] = the_program) -> Plan:
    """The plan of a first `pulumi preview`: nothing exists, so every id and ARN is unknown, and nothing is made."""
    region = config["aws:region"]
    answers = {
        "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": _ACCOUNT, "id": _ACCOUNT},
        "aws:index/getRegion:getRegion": {"region": region, "id": region},
    }
    return run_program(Stage(lambda _: _unknown, answers), config, stack=stack, preview=True, program=program)


def _unknown(declared: Declared, plan: Plan) -> Created:
    del declared, plan
    return Created("")
