from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource as the program declares it. `inputs` are in Pulumi's camel case; `dependencies` are URNs.

    `uses` says of an input which resources its value comes from; `region` is where its provider makes it, "" where
    that is not known.
    """

    urn: str
    type: str
    name: str
    parent: str
    inputs: Mapping[str, Any]
    dependencies: frozenset[str]
    protect: bool
    uses: Mapping[str, frozenset[str]] = field(default_factory=dict)
    region: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that was made: its id, and all attributes, the inputs among them."""

    declared: Declared
    id: str
    attributes: Mapping[str, Any]

    @property
    def type(self) -> str:
        """Pulumi's token, e.g. ``aws:s3/bucket:Bucket``."""
        return self.declared.type

    @property
    def name(self) -> str:
        """The logical name."""
        return self.declared.name

    @property
    def region(self) -> str:
        """Where it is."""
        return self.declared.region

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What the program gave it."""
        return self.declared.inputs


@dataclass(slots=True)
class Plan:
    """Every resource so far by its URN, and what the stack exports; `home` is the region of the default provider."""

    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    home: str = ""

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type, in the order of their names."""
        found = (resource for resource in list(self.resources.values()) if resource.type == kind)
        return sorted(found, key=lambda resource: resource.name)

    def one(self, kind: str, name: str) -> Resource:
        """The resource of this type and logical name. Raises `LookupError`."""
        for resource in self.of(kind):
            if resource.name == name:
                return resource
        raise LookupError(f"the program declares no {kind} called {name}")

    def region_of(self, provider: str) -> str:
        """Where a provider makes its resources; it is referred to as ``<urn>::<id>``, the default one as nothing."""
        known = self.resources.get(provider.rpartition("::")[0])
        return str(known.inputs.get("region", self.home)) if known else self.home

    def before(self, declared: Declared, kind: str) -> Iterator[Resource]:
        """The resources of a type that this one waits for, directly or through others."""
        seen: set[str] = set()
        left = list(declared.dependencies)
        while left:
            urn = left.pop()
            if urn in seen or urn not in self.resources:
                continue
            seen.add(urn)
            left.extend(self.resources[urn].declared.dependencies)
            if self.resources[urn].type == kind:
                yield self.resources[urn]
