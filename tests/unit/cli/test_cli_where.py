import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.cli.search import parse_region
from lookalike.cli.where import parse_clause, parse_where
from lookalike.domain.filter import Filter, LabelClause, Match
from lookalike.domain.label import Label
from lookalike.domain.query import Region
from lookalike.errors import InvalidRequestError

facets = st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True)
values = st.from_regex(r"[a-z0-9!=&:;.é-]{1,64}", fullmatch=True)
clauses = st.builds(
    lambda match, facet, words: LabelClause(match, frozenset(Label(facet, word) for word in words)),
    st.sampled_from([Match.ANY, Match.NONE]),
    facets,
    st.sets(values, min_size=1, max_size=8),
)


@given(clauses)
def test_what_is_written_is_read(clause: LabelClause) -> None:
    (facet,) = {label.facet for label in clause.labels}
    sign = "!=" if clause.match is Match.NONE else "="
    text = f"{facet}{sign}{','.join(label.value for label in clause.labels)}"
    assert parse_clause(text) == clause


@given(st.text(max_size=40))
def test_any_text_is_a_clause_or_a_clear_error(text: str) -> None:
    try:
        clause = parse_clause(text)
    except InvalidRequestError as error:
        assert error.field == "where"  # noqa: PT017
    else:
        assert "=" in text
        assert clause.labels


def test_all_of_several_is_said_by_repeating() -> None:
    read = parse_where(["colour=red,blue", "size=m", "size!=l"])
    both = frozenset({Label("colour", "red"), Label("colour", "blue")})
    assert read == Filter(
        (
            LabelClause(Match.ANY, both),
            LabelClause(Match.ANY, frozenset({Label("size", "m")})),
            LabelClause(Match.NONE, frozenset({Label("size", "l")})),
        )
    )
    assert not parse_where([])


@pytest.mark.parametrize("text", ["", "red", "=red", "colour=", "colour=a,,b", "Colour Wheel=red", "!=x", "a!!=x"])
def test_what_is_no_clause_names_itself(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="where"):
        parse_clause(text)


def test_a_region_is_four_fractions() -> None:
    assert parse_region("0, 0.25,0.5,1") == Region(0, 0.25, 0.5, 1)


@given(st.text(max_size=30) | st.lists(st.floats(), max_size=6).map(lambda xs: ",".join(map(str, xs))))
def test_any_text_is_a_region_or_a_clear_error(text: str) -> None:
    try:
        region = parse_region(text)
    except InvalidRequestError:
        return
    assert 0 <= region.left < region.right <= 1
    assert 0 <= region.top < region.bottom <= 1
