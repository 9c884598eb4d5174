from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from infra.rehearsal.plan import Declared, Plan, Resource


class RehearsalError(Exception):
    """The program cannot be rehearsed, or AWS would refuse it; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Created:
    """What making a resource gave: its id, and the attributes that were not among its inputs."""

    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


Create = Callable[[Declared, Plan], Created]
"""Makes one resource; the plan holds those made before."""

Answer = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any] | None]
"""Answers a function that the program asks, by its token, the region it asks about, and its arguments."""


class Stage(Mocks):
    """Makes each resource that the program declares with the `Create` of its type, one at a time, and keeps it.

    Components need none. A type without a `Create`, and two resources of one type and name, raise `RehearsalError`.
    """

    def __init__(self, creator: Callable[[str], Create | None], answer: Answer, home: str) -> None:
        """`creator` finds the `Create` of a type; `home` is the region of the default provider."""
        self.plan = Plan(home=home)
        self._creator, self._answer = creator, answer
        self._announced: dict[tuple[str, str], Declared] = {}
        self._lock = RLock()

    def announce(self, declared: Declared) -> None:
        """Take note of a resource that is about to be made."""
        with self._lock:
            if (declared.type, declared.name) in self._announced:
                raise RehearsalError(f"there are two resources of type {declared.type} called {declared.name}")
            self._announced[declared.type, declared.name] = declared

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Make it; Pulumi has waited for all that it depends on."""
        with self._lock:
            declared = self._announced[args.typ, args.name]
            created = self._create(declared) if args.custom else Created(args.name)
            resource = Resource(declared, created.id, {**declared.inputs, **created.attributes})
            self.plan.resources[declared.urn] = resource
            return resource.id, dict(resource.attributes)

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Answer a function that the program asks."""
        answer = self._answer(args.token, self.plan.region_of(args.provider or ""), args.args)
        if answer is None:
            raise RehearsalError(f"the rehearsal does not know what {args.token} answers")
        return dict(answer), []

    def _create(self, declared: Declared) -> Created:
        create = self._creator(declared.type)
        if create is None:
            raise RehearsalError(f"the rehearsal does not know how to make {declared.type} ({declared.name})")
        return create(declared, self.plan)
