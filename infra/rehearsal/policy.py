from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

Context = Mapping[str, str]

_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "StringEquals": lambda have, want: have == want,
    "StringLike": fnmatchcase,
    "ArnEquals": fnmatchcase,
    "ArnLike": fnmatchcase,
    "Bool": lambda have, want: have.lower() == want.lower(),
}


def allows(
    documents: Iterable[Mapping[str, Any]],
    action: str,
    resource: str,
    *,
    service: str | None = None,
    context: Context | None = None,
) -> bool:
    """Whether these policies together allow `action` on `resource` (an ARN): some statement does, and none denies.

    With `service`, they are a resource's own policies and it is a service, such as ``s3.amazonaws.com``, that asks.
    A condition on a key that `context` lacks does not hold. Raises `ValueError` for what this does not evaluate: it
    knows what the program writes, and no more.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    effects = {
        statement["Effect"]
        for document in documents
        for statement in document["Statement"]
        if _applies(statement, action, resource, service, context or {})
    }
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], action: str, resource: str, service: str | None, context: Context) -> bool:
    unknown = set(statement) - {"Effect", "Action", "Resource", "Principal", "Condition", "Sid"}
    if unknown:
        raise ValueError(f"a policy says {', '.join(sorted(unknown))}, which is not evaluated")
    return (
        _names(statement.get("Principal"), service)
        and any(fnmatchcase(action.lower(), pattern.lower()) for pattern in listed(statement["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
        and _holds(statement.get("Condition", {}), context)
    )


def _names(principal: Any, service: str | None) -> bool:
    if service is None or principal is None:
        return service is None and principal is None
    return principal == "*" or service in listed(principal.get("Service", []))


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    for operator, tests in conditions.items():
        if operator not in _OPERATORS:
            raise ValueError(f"the condition {operator} is not evaluated")
        for key, wanted in tests.items():
            have = context.get(key)
            if have is None or not any(_OPERATORS[operator](have, want) for want in listed(wanted)):
                return False
    return True


def listed(value: Any) -> list[Any]:
    """One or many, as many: IAM takes either."""
    return value if isinstance(value, list) else [value]
