from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, GetCoreSchemaHandler, GetPydanticSchema, PlainSerializer
from pydantic_core import PydanticCustomError, core_schema

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import ModelVersion
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.domain.name import Name
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError

_LONGEST_LABEL = 200
# What a schema can say of labels; besides, values are printable and, once spaces are dashes, at most 64 long.
VALUE_PATTERN = r"^[^,]*[^,\s][^,]*$"
_LABEL = r"^\s*[A-Za-z][A-Za-z0-9_-]{0,31}\s*:[^,]*[^,\s][^,]*$"
T = TypeVar("T")


class Model(BaseModel):
    """Base of all documents: strict types, no unknown members, finite numbers, immutable."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True, populate_by_name=True)


class View(Model):
    """Base of answers: a reader lets members pass that a newer server adds."""

    model_config = ConfigDict(extra="ignore")


def checked(make: Callable[[str], T]) -> Callable[[str], T]:
    """`make` for use in a validator: its `InvalidRequestError` is reported at the place of the value."""

    def check(text: str) -> T:
        try:
            return make(text)
        except InvalidRequestError as error:
            raise refusal(error) from error

    return check


def refusal(error: InvalidRequestError, *, inside: bool = False) -> PydanticCustomError:
    """What pydantic reports at the place of the value, or of its member `error.field` where `inside`."""
    where = {"field": error.field} if inside else {}
    return PydanticCustomError("refused", "{message}", {"message": error.message, **where})


def exactly_one(branches: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """Schema of an object with exactly one of the members `branches` that is not null.

    Each names the members that have to come with it, or may where a question mark follows; the rest must be null.
    """
    companions = {name.rstrip("?") for names in branches.values() for name in names}
    known = {*branches, *companions}

    def branch(own: str, with_it: Collection[str]) -> dict[str, Any]:
        there = [own, *(name for name in with_it if not name.endswith("?"))]
        allowed = {own, *(name.rstrip("?") for name in with_it)}
        forbidden = {name: {"type": "null"} for name in sorted(known - allowed)}
        return {
            "required": there,
            "properties": {**{name: {"not": {"type": "null"}} for name in there}, **forbidden},
        }

    return {"anyOf": [branch(own, with_it) for own, with_it in branches.items()]}


def _name_schema(kind: type[Name], _: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    return core_schema.no_info_after_validator_function(
        checked(kind),
        core_schema.str_schema(strict=True),
        serialization=core_schema.to_string_ser_schema(),
        metadata={
            "pydantic_js_updates": {"pattern": f"^(?:{kind.pattern.pattern})$", "description": kind.rule},
        },
    )


def _label_schema(_: type[Label], __: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    text = core_schema.no_info_after_validator_function(
        checked(Label.parse), core_schema.str_schema(strict=True, max_length=_LONGEST_LABEL)
    )
    return core_schema.json_or_python_schema(
        json_schema=text,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(Label), text]),
        serialization=core_schema.to_string_ser_schema(),
        metadata={"pydantic_js_updates": {"pattern": _LABEL, "description": "facet:value", "examples": ["colour:red"]}},
    )


_name = GetPydanticSchema(_name_schema)
CatalogueName = Annotated[CatalogueId, _name]
ItemName = Annotated[ItemId, _name]
ModelName = Annotated[ModelVersion, _name]
PhotoName = Annotated[PhotoId, _name]
UploadName = Annotated[UploadId, _name]
LabelText = Annotated[Label, GetPydanticSchema(_label_schema)]
Moment = Annotated[AwareDatetime, PlainSerializer(lambda moment: moment.isoformat(), return_type=str, when_used="json")]
