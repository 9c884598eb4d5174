from collections.abc import Iterator

from infra.policy.subject import Estate, Subject
from infra.rehearsal.plan import Plan, Resource


def subjects_of(plan: Plan) -> Iterator[Subject]:
    """A plan's resources as the policy pack sees them."""
    return (_subject(resource) for resource in plan.resources.values())


def estate_of(plan: Plan) -> Estate:
    return Estate(subjects_of(plan))


def _subject(resource: Resource) -> Subject:
    declared = resource.declared
    return Subject(
        urn=declared.urn,
        type=declared.type,
        name=declared.name,
        inputs=declared.inputs,
        protect=declared.protect,
        uses=declared.uses,
    )
