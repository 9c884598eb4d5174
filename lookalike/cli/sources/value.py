# ruff: noqa: RUF001 - signs that look like others are what it is about
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Final

Value = str | int | float | bool | dict[str, str]

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SCIENTIFIC: Final = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+[eE][+-]?[0-9]{1,3}")
_CODES: Final = (
    *("AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR"),
    *("ILS", "INR", "ISK", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PEN", "PHP", "PLN", "RMB", "RON", "RSD", "RUB"),
    *("SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR"),
    *("zł", "Kč", "kr", "Kr", "Fr", "SFr", "Ft", "lei", "лв", "руб", "грн"),
)
_CURRENCY: Final = rf"(?:[A-Z]{{0,3}}[$£€¥₹₽₺₩₪₫₴₦₱฿₡₲₵₸₼₾]|(?:{'|'.join(_CODES)})(?![^\W\d_])\.?)"
_AMOUNT: Final = re.compile(
    rf"(?P<before>{_CURRENCY})? ?(?P<sign>-?) ?(?P<before2>{_CURRENCY})? ?"
    rf"(?P<digits>[0-9](?:[0-9.,' ]*[0-9])?)(?:[.,][-–—]+)? ?(?P<after>{_CURRENCY})?"
)
_NUMBER: Final = re.compile(
    r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
    r"|[1-9][0-9]{0,2}(?P<between>[,' ])[0-9]{3}(?:(?P=between)[0-9]{3})*(?:\.[0-9]+)?"
)
"""With a decimal point; with a decimal comma, the same after point and comma have changed places."""
_LAKHS: Final = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?")  # India: 12,34,567.00
_LIKE_A_NUMBER: Final = re.compile(
    rf"[-+]? ?(?:{_CURRENCY})?[-+0-9.,' %]*[0-9](?:[eE](?=[+-]?[0-9]))?[-–—+0-9.,' %]*(?:{_CURRENCY})?"
)
_SPACES: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "’": "'", "−": "-"})
_SWAP: Final = str.maketrans(".,", ",.")
_MOST_DIGITS: Final = 15
"""More than a double holds exactly: an article number, and no amount."""
_LONGEST_NUMBER: Final = 40  # characters, its currency included


@dataclass(slots=True)
class Column:
    """How the cells of one column are to be understood, which is told by all of them: `look` at each, then `value`.

    Cells are ``true`` or ``false``, dates (``2026-01-31``, which comes out as ``{"date": "2026-01-31"}``), numbers,
    with a currency or without, as Excel writes them in any locale, and else text. ``1.299`` is read as the column's
    other cells are; where none of them tells, the comma is the decimal sign if `comma` is true. A column of digits
    only, some of which begin with zeros or are longer than 15, holds article numbers: all of it stays text. So do
    numbers of a column with several currencies.
    """

    name: str
    comma: bool = False
    _signs: Counter[str] = field(default_factory=Counter)
    _currencies: set[str] = field(default_factory=set)
    _examples: dict[str, str] = field(default_factory=dict)

    def look(self, cell: str, where: str) -> None:
        """Take a cell into account; `where` is for the warning."""
        kind, currency = _kind(cell)
        if kind:
            self._signs[kind] += 1
            self._examples.setdefault(kind, f"{cell!r:.40} ({where})")
        if currency:
            self._currencies.add(currency)

    def value(self, cell: str) -> Value:
        """What the cell says, as the API would be told."""
        if cell.lower() in ("true", "false"):
            return cell.lower() == "true"
        if _is_date(cell):
            return {"date": cell}
        kind, _ = _kind(cell)
        if kind in ("", "odd", "digits") or self._all_text:
            return cell
        if kind == "scientific":
            return float(cell)
        decimal = self._decimal if kind == "either" else kind
        return _number(cell, comma=decimal == "comma") if decimal else cell

    @property
    def warnings(self) -> list[str]:
        """What a person should know of this column's numbers."""
        stayed = [kind for kind in self._signs if self._stayed(kind)]
        found = []
        if stayed:
            count, example = sum(self._signs[kind] for kind in stayed), self._examples[stayed[0]]
            why = ", its currencies differ" if len(self._currencies) > 1 else ""
            found.append(f"{self.name}: {count} cells that look like numbers stayed text, e.g. {example}{why}")
        elif self._signs["either"] and not (self._signs["point"] or self._signs["comma"]):
            found.append(f"{self.name}: the {self._decimal} was read as the decimal sign in {self._examples['either']}")
        return found

    @property
    def _is_article_numbers(self) -> bool:
        return bool(self._signs["digits"]) and not set(self._signs) - {"digits", "whole"}

    @property
    def _all_text(self) -> bool:
        return self._is_article_numbers or len(self._currencies) > 1

    @property
    def _decimal(self) -> str:
        """The sign that cells go by which could be read with either; empty where the others contradict each other."""
        told = {kind for kind in ("point", "comma") if self._signs[kind]}
        return "" if len(told) > 1 else next(iter(told), "comma" if self.comma else "point")

    def _stayed(self, kind: str) -> bool:
        if self._is_article_numbers or not self._signs[kind]:
            return False
        return kind in ("odd", "digits") or len(self._currencies) > 1 or (kind == "either" and not self._decimal)


def _kind(cell: str) -> tuple[str, str]:
    """What a cell looks like by itself, and its currency; both empty for what is no number.

    ``point`` and ``comma``: only with that decimal sign; ``either``: with both, and not the same; ``whole``: the same
    with both; ``digits``: an article number; ``odd``: like a number, yet none.
    """
    text = cell.translate(_SPACES)
    if len(text) > _LONGEST_NUMBER or not _LIKE_A_NUMBER.fullmatch(text) or _is_date(cell):
        return "", ""
    if _SCIENTIFIC.fullmatch(text) and math.isfinite(float(text)):
        return "scientific", ""
    amount = _AMOUNT.fullmatch(text)
    if amount is None:
        return "odd", ""
    return _kind_of(amount["digits"]), amount["before"] or amount["before2"] or amount["after"] or ""


def _kind_of(digits: str) -> str:
    if digits.isdigit() and (len(digits) > _MOST_DIGITS or (digits[0] == "0" and digits != "0")):
        return "digits"
    point, comma = _parse(digits, comma=False), _parse(digits, comma=True)
    if point == comma:
        return "odd" if point is None else "whole"
    return "comma" if point is None else "point" if comma is None else "either"


def _number(cell: str, *, comma: bool) -> Value:
    amount = _AMOUNT.fullmatch(cell.translate(_SPACES))
    assert amount is not None  # noqa: S101 (`_kind` has seen to that)
    number = _parse(amount["digits"], comma=comma)
    if number is None:
        return cell
    return -number if amount["sign"] else number


def _parse(digits: str, *, comma: bool) -> int | float | None:
    """The number with that decimal sign, in groups of thousands or without; None where it is none."""
    text = digits.translate(_SWAP) if comma else digits
    if not (_NUMBER.fullmatch(text) or (not comma and _LAKHS.fullmatch(text))):
        return None
    plain = re.sub("[,' ]", "", text)
    return float(plain) if "." in plain else int(plain)


def _is_date(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
