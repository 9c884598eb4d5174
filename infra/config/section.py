from typing import Final

from pydantic import BaseModel, ConfigDict

PROJECT: Final = "lookalike"


class ConfigError(Exception):
    """The stack's configuration cannot be used; the message names each key and says what it should be."""


class Section(BaseModel):
    """Keys that belong together. Unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
