import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.contract.problems import error_of
from lookalike.contract.retry_after import LONGEST_S, retry_after_s
from lookalike.errors import InvalidRequestError, OverloadedError

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("86400", LONGEST_S),
        ("9" * 400, LONGEST_S),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10),
        ("Sun Nov  6 08:49:47 1994", 10),
        ("Sun, 06 Nov 1994 00:00:00 GMT", 0),
        ("Sun, 06 Nov 2094 08:49:37 GMT", LONGEST_S),
        ("2, 5", 5),
        ("Sun, 06 Nov 1994 08:49:47 GMT, 5", 10),
        ("-1", None),
        ("nan", None),
        ("soon", None),
        ("Sun, 99 Nov 1994 08:49:47 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_every_form_is_read(text: str | None, seconds: float | None) -> None:
    assert retry_after_s(text, DATE) == seconds


def test_a_date_counts_from_now_where_the_answer_has_none() -> None:
    for date in (None, "", "garbage"):
        assert retry_after_s("Sun, 06 Nov 1994 08:49:37 GMT", date) == 0
        assert retry_after_s("Fri, 31 Dec 9999 23:59:59 GMT", date) == LONGEST_S


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_breaks_it(text: str, date: str) -> None:
    seconds = retry_after_s(text, date)
    assert seconds is None or 0 <= seconds <= LONGEST_S


def test_zero_is_zero() -> None:
    error = error_of(429, b"", "0")
    assert isinstance(error, OverloadedError)
    assert error.retry_after == 0


def test_what_a_problem_says_is_cut_and_cannot_move_a_cursor() -> None:
    detail = "\\u001b[2J\\u202e\\r" + "x" * 100_000
    type_ = "urn:lookalike:problem:invalid-request"
    body = f'{{"type":"{type_}","title":"","status":422,"detail":"{detail}","field":"\\u0007"}}'
    error = error_of(422, body.encode(), None)
    assert isinstance(error, InvalidRequestError)
    assert str(error).isprintable()
    assert len(str(error)) < 1_200
