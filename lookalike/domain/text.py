from lookalike.errors import InvalidRequestError

_ELLIPSIS = "…"


def check_text(field: str, text: str, longest: int) -> None:
    """Raise `InvalidRequestError` where `text` is no text, has more than `longest` characters or is not valid Unicode.

    Half a surrogate pair is not: Python makes such text of file names that are not UTF-8.
    """
    if not isinstance(text, str):
        raise InvalidRequestError(field, f"must be text, not {text!r:.80}")
    if len(text) > longest:
        raise InvalidRequestError(field, f"is longer than {longest} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(field, "holds a character that is not valid Unicode") from None


def printable(text: str, longest: int | None = None) -> str:
    """Text of unknown origin without what would move a terminal's cursor or colour: such characters are escaped.

    What is more than `longest` characters is cut.
    """
    if longest is not None and len(text) > longest:
        text = text[:longest] + _ELLIPSIS
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
