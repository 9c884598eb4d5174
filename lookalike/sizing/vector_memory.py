"""How much memory an OpenSearch k-NN graph takes outside the Java heap."""

from lookalike.errors import InvalidRequestError

_OVERHEAD_PERCENT = 110
_BYTES_A_FLOAT = 4
_BYTES_A_LINK = 8


def vector_memory_bytes(photos: int, dimensions: int = 256, m: int = 16) -> int:
    """Return the bytes of native memory that the HNSW graphs of `photos` float vectors take, one copy of the index.

    1.1 x (4 x dimensions + 8 x m) x photos, OpenSearch's published estimate, rounded up; a replica takes it again.
    `photos` ≥ 0, `dimensions` and `m` ≥ 1, else `InvalidRequestError`.

    Source: "HNSW memory estimation" in
    https://docs.opensearch.org/latest/mappings/supported-field-types/knn-methods-engines/
    """
    for field, value, least in (("photos", photos, 0), ("dimensions", dimensions, 1), ("m", m, 1)):
        if value < least:
            raise InvalidRequestError(field, f"must be at least {least}, got {value}")
    # In whole numbers: a float would round a billion photos' bytes.
    return -(-_OVERHEAD_PERCENT * (_BYTES_A_FLOAT * dimensions + _BYTES_A_LINK * m) * photos // 100)
