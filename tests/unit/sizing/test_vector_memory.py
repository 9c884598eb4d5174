import pytest

from lookalike.errors import InvalidRequestError
from lookalike.sizing.vector_memory import vector_memory_bytes


def test_a_million_photos_take_what_opensearch_publishes() -> None:
    assert vector_memory_bytes(1_000_000, dimensions=256, m=16) == 1_267_200_000


def test_memory_grows_with_photos_dimensions_and_links() -> None:
    one = vector_memory_bytes(10_000)
    assert vector_memory_bytes(20_000) == 2 * one
    assert vector_memory_bytes(10_000, dimensions=512) > one
    assert vector_memory_bytes(10_000, m=32) > one


def test_an_empty_catalogue_takes_none() -> None:
    assert vector_memory_bytes(0) == 0


@pytest.mark.parametrize(
    ("field", "values"), [("photos", (-1, 256, 16)), ("dimensions", (1, 0, 16)), ("m", (1, 256, 0))]
)
def test_what_cannot_be_is_named(field: str, values: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{field}: must be at least"):
        vector_memory_bytes(*values)
