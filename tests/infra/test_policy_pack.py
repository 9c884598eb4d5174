"""The policy pack: each rule can be kept and broken, and both profiles keep all of them."""

import pytest

from infra.policy.documents import statements
from infra.policy.rule import violations
from infra.policy.rules import RULES, identity, pods
from infra.policy.rules.durability import REBUILT
from infra.policy.rules.exposure import PUBLIC_ROUTES
from infra.policy.subject import Estate, look
from infra.rehearsal.plan import Plan
from tests.infra.estates import estate_of
from tests.infra.policy_examples.doors import DOORS
from tests.infra.policy_examples.permissions import PERMISSIONS
from tests.infra.policy_examples.running import RUNNING
from tests.infra.policy_examples.secrecy import SECRECY
from tests.infra.policy_examples.writing import Stack

EXAMPLES = {**DOORS, **SECRECY, **PERMISSIONS, **RUNNING}


def broken(stack: Stack) -> set[str]:
    return {violation.rule for violation in violations(RULES, Estate(stack))}


BAD = {f"{rule}: {what}": (rule, stack) for rule, example in EXAMPLES.items() for what, stack in example.bad.items()}


def test_each_rule_has_examples_and_a_sentence() -> None:
    assert {rule.name for rule in RULES} == set(EXAMPLES)
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(example.bad for example in EXAMPLES.values())
    assert all(rule.says.endswith(".") for rule in RULES)


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_good_stack_keeps_its_rule(rule: str) -> None:
    assert rule not in broken(EXAMPLES[rule].good)


@pytest.mark.parametrize(("rule", "stack"), list(BAD.values()), ids=BAD)
def test_a_bad_stack_breaks_its_rule(rule: str, stack: Stack) -> None:
    assert rule in broken(stack)


def test_a_profile_breaks_no_rule(profile: Plan) -> None:
    assert list(violations(RULES, estate_of(profile))) == []


def test_no_exception_is_left_over(starter: Plan, production: Plan) -> None:
    estates = [estate_of(plan) for plan in (starter, production)]
    subjects = [subject for estate in estates for subject in estate]
    allowed = [(s.type, statement) for s in subjects for statement in statements(s.inputs, "Allow")]
    used = [identity.excuse(kind, statement) for kind, statement in allowed if identity.has_wildcard(statement)]
    assert [exception.reason for exception in identity.EXCEPTIONS if exception not in used] == []
    carried = {str(s.inputs.get("policyArn")).rsplit("/", 1)[-1] for s in subjects}
    assert set(identity.MANAGED) <= carried
    assert set(PUBLIC_ROUTES) <= {s.inputs.get("operationName") for s in subjects}
    assert set(REBUILT) <= {s.name for s in subjects}
    assert set(pods.PRIVILEGED) <= {look(s.inputs, "metadata.name") for s in subjects}
