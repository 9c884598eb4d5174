"""Runs a component by itself, with every attribute known or, as before anything exists, with none."""

from collections.abc import Callable
from typing import Final

from infra.rehearsal import answers
from infra.rehearsal.plan import Plan
from infra.rehearsal.preview import preview
from infra.rehearsal.sketch import sketch

ACCOUNT: Final = answers.ACCOUNT
REGION: Final = "eu-west-1"
_CONFIG: Final = {"aws:region": REGION}


def drawn(program: Callable[[], None]) -> Plan:
    """What `program` comes to where every resource has an id, an ARN and whatever else others ask of it."""
    return sketch(_CONFIG, stack="small", program=program)


def foreseen(program: Callable[[], None]) -> Plan:
    """What a first preview of `program` comes to: no id and no ARN is known."""
    return preview(_CONFIG, stack="small", program=program)
