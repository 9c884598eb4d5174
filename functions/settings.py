"""What a function reads of its environment. The names are those that `infra/environment.py` declares."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


class SettingsError(Exception):
    """The environment lacks something; the message names every variable that is missing or wrong."""


def variable(name: str, **default: Any) -> Any:
    """A field that is read from the environment variable `name`; it must be set unless a `default` is given."""
    return dataclasses.field(metadata={"variable": name}, **default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every function needs: where it runs, and where an emulator answers in AWS's place, if one does."""

    region: str = variable("AWS_REGION")
    endpoint_url: str | None = variable("AWS_ENDPOINT_URL", default=None)
    s3_endpoint_url: str | None = variable("AWS_ENDPOINT_URL_S3", default=None)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raises `SettingsError`."""
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for field in dataclasses.fields(cls):
            name = field.metadata["variable"]
            try:
                if environment.get(name):
                    values[field.name] = _typed(field, environment[name])
                elif field.default is dataclasses.MISSING:
                    wrong.append(f"{name} is not set")
            except ValueError:
                wrong.append(f"{name} is not a number: {environment[name]!r}")
        if wrong:
            raise SettingsError("; ".join(wrong))
        return cls(**values)

    @classmethod
    def variables(cls) -> frozenset[str]:
        """The names of all variables that are read."""
        return frozenset(field.metadata["variable"] for field in dataclasses.fields(cls))

    @classmethod
    def optional(cls) -> frozenset[str]:
        """The names of those that need not be set."""
        some = (field for field in dataclasses.fields(cls) if field.default is not dataclasses.MISSING)
        return frozenset(field.metadata["variable"] for field in some)


def _typed(field: "dataclasses.Field[Any]", value: str) -> str | int:
    return int(value) if field.type is int else value
