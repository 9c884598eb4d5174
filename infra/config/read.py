import difflib
import json
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from infra.config.demand import Demand
from infra.config.profiles import PROFILES
from infra.config.section import PROJECT, ConfigError, Section
from infra.config.stack import StackConfig

_HOME = "aws:region"


def read_config(values: Mapping[str, Any]) -> StackConfig:
    """The configuration in `values`, keyed `<namespace>:<name>` as Pulumi keeps it; lists and sections may be JSON.

    Below what the stack says lie the defaults of its profile. Raises `ConfigError`, which names every wrong key.
    """
    mine = {key.removeprefix(f"{PROJECT}:"): _decoded(v) for key, v in values.items() if key.startswith(f"{PROJECT}:")}
    home = values.get(_HOME)
    try:
        config = StackConfig.model_validate(merged(_defaults(mine, home), mine))
    except ValidationError as error:
        raise ConfigError("; ".join(_sentence(problem) for problem in error.errors())) from error
    if home not in (None, config.home):
        raise ConfigError(f"{_HOME} is {home}, but the first of {PROJECT}:regions is {config.home}: home must be both")
    return config


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over`, and of `under` what it does not say; sections within sections as well. A None in `over` stays."""
    both = {key: merged(under[key], over[key]) for key in over if _sections(under.get(key), over[key])}
    return {**under, **over, **both}


def _sections(*values: Any) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _defaults(mine: Mapping[str, Any], home: str | None) -> dict[str, Any]:
    try:
        demand = Demand.model_validate({name: mine[name] for name in Demand.model_fields if name in mine})
    except ValidationError:
        demand = Demand()  # what is wrong with it is told with all the rest
    profile = PROFILES.get(str(mine.get("profile")), PROFILES["starter"])
    return {**profile(demand), **({"regions": (home,)} if home else {})}


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and (value == "null" or value.startswith(("[", "{"))):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _sentence(problem: ErrorDetails) -> str:
    path = [str(part) for part in problem["loc"]]
    key = f"{PROJECT}:{'.'.join(path)}" if path else PROJECT
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], _known(path[:-1]), n=1)
        return f"there is no key {key}" + (f"; is {'.'.join([*path[:-1], near[0]])} meant?" if near else "")
    if problem["type"] == "missing":
        return f"{_HOME if path == ['regions'] else key} must be set"
    if problem["type"] == "model_type":
        return f"{key}: must be a section, keys with values, not {problem['input']!r}"
    said = problem["msg"].removeprefix("Value error, ")
    told = f"{said[0].lower()}{said[1:]}"
    return f"{key}: {told}" if _sections(problem["input"]) or not path else f"{key}: {told}, not {problem['input']!r}"


def _known(path: Sequence[str]) -> list[str]:
    """The keys of the section that a path leads to."""
    section: type[Section] = StackConfig
    for part in path:
        section = section_in(section.model_fields[part].annotation) or section
    return list(section.model_fields)


def section_in(annotation: Any) -> type[Section] | None:
    """The section that a field of this annotation holds, if any."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)), None)
