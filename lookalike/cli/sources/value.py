import re
from datetime import date
from typing import Final

_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][+-]?[0-9]{1,3})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def typed(text: str) -> str | int | float | bool | dict[str, str]:
    """What a table's cell says, as the API would be told: true or false, a number, a date, else the text as it stands.

    A date is ``2026-01-31`` and comes out as ``{"date": "2026-01-31"}``. A leading zero or more than 15 digits make
    no number: ``00123`` is somebody's article number.
    """
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return {"date": text} if _is_date(text) else text


def _is_date(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
