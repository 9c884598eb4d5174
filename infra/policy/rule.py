from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from infra.policy.subject import Estate, Inputs, Subject

Check = Callable[[str, Inputs], Iterable[str]]
"""Takes a resource's type and inputs; gives a sentence for each thing that is wrong."""
Finding = tuple[Subject, str]
EstateCheck = Callable[[Estate], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds of every resource by itself. `name` is in kebab case, `says` a sentence."""

    name: str
    says: str
    check: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateRule:
    """What holds of a stack as a whole: that one resource has another to guard it."""

    name: str
    says: str
    check: EstateCheck


AnyRule = Rule | EstateRule


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """A rule that a resource breaks, and how."""

    rule: str
    urn: str
    sentence: str


def violations(rules: Iterable[AnyRule], estate: Estate) -> Iterator[Violation]:
    """Everything in the estate that breaks one of these rules."""
    for rule in rules:
        if isinstance(rule, EstateRule):
            yield from (Violation(rule.name, subject.urn, said) for subject, said in rule.check(estate))
            continue
        for subject in estate:
            yield from (Violation(rule.name, subject.urn, said) for said in rule.check(subject.type, subject.inputs))
