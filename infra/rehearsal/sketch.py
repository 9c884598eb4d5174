from collections.abc import Callable, Mapping
from typing import Any

from infra.rehearsal.answers import ACCOUNT, answers_of
from infra.rehearsal.making import recorded
from infra.rehearsal.making.invented import invented
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.program import run_program, the_program
from infra.rehearsal.stage import Create, Created, Stage


def sketch(config: Mapping[str, Any], *, stack: str, program: Callable[[], None] = the_program) -> Plan:
    """The plan of the program with every attribute known, invented where AWS would choose; nothing is made.

    For those who judge what the program declares: policies are whole documents, and who refers to whom is plain.
    """
    known = recorded.creators(ACCOUNT)

    def creator(kind: str) -> Create:
        return known.get(kind, _invent)

    return run_program(Stage(creator, answers_of(), config["aws:region"]), config, stack=stack, program=program)


def _invent(declared: Declared, plan: Plan) -> Created:
    del plan
    return invented(declared, ACCOUNT)
