from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.output import Unknown

Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A resource as rules see it. `inputs` are in Pulumi's camel case; what a preview cannot know is an `Unknown`.

    `uses` says of an input from which resources (URNs) its value comes: in a first preview that is all that is known
    of who refers to whom.
    """

    urn: str
    type: str
    name: str
    inputs: Inputs
    protect: bool = False
    uses: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Estate:
    """All resources of a stack."""

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self._of: dict[str, list[Subject]] = defaultdict(list)
        self._about: dict[tuple[str, str, str], list[Subject]] = defaultdict(list)
        for subject in subjects:
            self._of[subject.type].append(subject)
            for name, urns in subject.uses.items():
                for urn in urns:
                    self._about[subject.type, name, urn].append(subject)

    def __iter__(self) -> Iterator[Subject]:
        """Every resource."""
        return (subject for subjects in self._of.values() for subject in subjects)

    def of(self, *kinds: str) -> list[Subject]:
        """The resources of these types."""
        return [subject for kind in kinds for subject in self._of.get(kind, [])]

    def about(self, subject: Subject, kind: str, by: str) -> list[Subject]:
        """The resources of type `kind` whose input `by` comes from `subject`."""
        return self._about.get((kind, by, subject.urn), [])


def known(value: Any) -> bool:
    """Whether a value can be judged already; a preview does not know what does not exist yet."""
    return not isinstance(value, Unknown)


def look(inputs: Any, path: str) -> Any:
    """What is at `path` (``ebsOptions.volumeType``); None where nothing is, `Unknown` where nobody knows yet."""
    value = inputs
    for step in path.split("."):
        if isinstance(value, Unknown):
            return value
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def is_true(value: Any) -> bool:
    """Whether this is on; some of AWS's flags are words. What is not known yet may be."""
    return value is True or value == "true" or isinstance(value, Unknown)


def listed(value: Any) -> list[Any]:
    """One or many, as many; nothing is none."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside, with its path (``rules[0].status``)."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{number}]")
    else:
        yield path, value
