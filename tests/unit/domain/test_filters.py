import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.filter import Filter, LabelClause, Match
from lookalike.domain.label import Label
from lookalike.errors import InvalidRequestError

LABELS = [Label("colour", colour) for colour in ("red", "green", "blue")] + [Label("category", "dress")]
some = st.frozensets(st.sampled_from(LABELS))
at_least_one = st.frozensets(st.sampled_from(LABELS), min_size=1)


@given(at_least_one, some)
def test_a_clause_means_what_sets_say(asked: frozenset[Label], has: frozenset[Label]) -> None:
    assert LabelClause(Match.ANY, asked).holds(has) == bool(asked & has)
    assert LabelClause(Match.ALL, asked).holds(has) == (asked <= has)
    assert LabelClause(Match.NONE, asked).holds(has) == (not asked & has)


@given(st.lists(st.tuples(st.sampled_from(Match), at_least_one), max_size=4), some)
def test_a_filter_holds_where_all_its_clauses_hold(
    clauses: list[tuple[Match, frozenset[Label]]], has: frozenset[Label]
) -> None:
    made = tuple(LabelClause(match, labels) for match, labels in clauses)
    assert Filter(made).holds(has) == all(clause.holds(has) for clause in made)
    assert bool(Filter(made)) == bool(clauses)


def test_no_clause_lets_everything_through() -> None:
    assert Filter().holds(frozenset())
    assert Filter.of() == Filter()


def test_the_shorthand_reads_labels() -> None:
    made = Filter.of(any_of=["Colour:Red", "colour:green"], none_of=["category:dress"])
    assert made.holds({LABELS[0]})
    assert not made.holds({LABELS[2]})
    assert not made.holds({LABELS[0], LABELS[3]})


@pytest.mark.parametrize("count", [0, 101])
def test_a_clause_has_one_to_a_hundred_labels(count: int) -> None:
    with pytest.raises(InvalidRequestError):
        LabelClause(Match.ANY, frozenset(Label("size", str(n)) for n in range(count)))


def test_a_filter_has_at_most_32_clauses() -> None:
    clause = LabelClause(Match.ANY, frozenset(LABELS[:1]))
    assert Filter((clause,) * 32).holds({LABELS[0]})
    with pytest.raises(InvalidRequestError):
        Filter((clause,) * 33)
