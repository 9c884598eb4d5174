import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lookalike.domain.embedding import DIMENSIONS, Embedding, unit_vector
from lookalike.errors import InvalidRequestError, VersionMismatchError
from lookalike.testing.examples import MODEL, OTHER_MODEL, an_embedding

numbers = st.floats(-1e3, 1e3, width=32)


@given(arrays(np.float32, DIMENSIONS, elements=numbers))
def test_any_direction_becomes_a_unit_vector(values: np.ndarray) -> None:
    length = float(np.linalg.norm(values.astype(np.float64)))
    if length < 1e-30:
        return
    vector = unit_vector(values)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector.astype(np.float64)) == pytest.approx(1, abs=1e-5)
    assert vector @ values >= 0


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(DIMENSIONS),
        np.full(DIMENSIONS, np.nan),
        np.full(DIMENSIONS, np.inf),
        [1.0] * (DIMENSIONS - 1),
        [1.0] * (DIMENSIONS + 1),
        np.ones((1, DIMENSIONS)),
        [],
        1.0,
    ],
)
def test_other_vectors_are_refused_by_name(values: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        unit_vector(values)  # type: ignore[arg-type]
    assert caught.value.field == "vector"


def test_a_unit_vector_is_left_as_it_is() -> None:
    once = an_embedding(1).vector
    assert np.array_equal(unit_vector(once), once)


def test_cosine_is_one_with_itself_and_minus_one_with_its_opposite() -> None:
    one = an_embedding(1)
    assert one.cosine(one) == pytest.approx(1, abs=1e-6)
    assert one.cosine(Embedding(-one.vector, MODEL)) == pytest.approx(-1, abs=1e-6)
    assert one.cosine(an_embedding(2)) == pytest.approx(an_embedding(2).cosine(one))


def test_vectors_of_two_models_never_meet() -> None:
    with pytest.raises(VersionMismatchError):
        an_embedding(1).cosine(an_embedding(1, OTHER_MODEL))
