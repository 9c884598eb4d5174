from collections.abc import Iterable

from lookalike.domain.filter import Filter, LabelClause, Match
from lookalike.domain.label import Label
from lookalike.errors import InvalidRequestError


def parse_where(texts: Iterable[str]) -> Filter:
    """Read ``--where`` options, which must all hold.

    ``facet=value`` and ``facet=one,other``: any of them; ``facet!=one,other``: none of them. All of several values
    of one facet: name each in a ``--where`` of its own. Raises `InvalidRequestError` naming the option.
    """
    return Filter(tuple(parse_clause(text) for text in texts))


def parse_clause(text: str) -> LabelClause:
    """One ``--where``: a facet, ``=`` or ``!=``, and values between commas (no value may hold one)."""
    facet, equals, values = text.partition("=")
    if not equals:
        raise InvalidRequestError("where", f"{text!r:.80} is not of the form facet=value or facet!=value")
    match = Match.NONE if facet.endswith("!") else Match.ANY
    try:
        labels = frozenset(Label(facet.removesuffix("!"), value) for value in values.split(","))
        return LabelClause(match, labels)
    except InvalidRequestError as error:
        raise InvalidRequestError("where", f"{text!r:.80}: {error.message}") from error
