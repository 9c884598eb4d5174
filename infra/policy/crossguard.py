from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pulumi.output import Unknown
from pulumi_policy import (
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from infra.policy.rule import AnyRule, EstateRule, Rule
from infra.policy.subject import Estate, Subject

_UNKNOWN: Final = Unknown()  # type: ignore[no-untyped-call]


def policies(rules: Iterable[AnyRule]) -> list[Policy]:
    """The rules as the engine takes them."""
    return [_of_estate(rule) if isinstance(rule, EstateRule) else _of_resource(rule) for rule in rules]


def _of_resource(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for sentence in rule.check(args.resource_type, _plain(args.props)):
            report(f"{args.name}: {sentence}", None)

    return ResourceValidationPolicy(rule.name, rule.says, validate)


def _of_estate(rule: EstateRule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for subject, sentence in rule.check(Estate(map(_subject, args.resources))):
            report(f"{subject.name}: {sentence}", subject.urn)

    return StackValidationPolicy(rule.name, rule.says, validate)


def _subject(resource: PolicyResource) -> Subject:
    return Subject(
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        inputs=_plain(resource.props),
        protect=resource.opts.protect,
        uses={
            name: frozenset(used.urn for used in resources)
            for name, resources in resource.property_dependencies.items()
        },
    )


def _plain(value: Any) -> Any:
    # Pulumi's proxies raise for what a preview does not know, which would end the rule for all the rest as well.
    if isinstance(value, Mapping):
        return {name: _item(value, name) for name in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_item(value, number) for number in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _item(of: Any, key: Any) -> Any:
    try:
        return _plain(of[key])
    except UnknownValueError:
        return _UNKNOWN
