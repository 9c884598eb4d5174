"""What the functions are told by their environment. Declared here once; the functions' settings read these names."""

from enum import StrEnum

from lookalike.adapters.aws.tables import Table


class Variable(StrEnum):
    """Names of environment variables, and what they hold."""

    PHOTO_BUCKET = "LOOKALIKE_PHOTO_BUCKET"
    """Name of the bucket."""
    TO_EMBED_QUEUE_URL = "LOOKALIKE_TO_EMBED_QUEUE_URL"
    """Where `prepare` sends pointers to, and `embed` those of photos that another run of it is embedding."""
    RECEIVED_QUEUE_URL = "LOOKALIKE_RECEIVED_QUEUE_URL"
    """Where `embed` sends pointers of uploads that have to be prepared anew."""
    LONGEST_RUN_S = "LOOKALIKE_LONGEST_RUN_S"
    """Seconds after which `embed` is stopped, and its claims on photos are over."""
    OPENSEARCH_ENDPOINT = "LOOKALIKE_OPENSEARCH_ENDPOINT"
    """URL of the vector index."""
    TRITON_ENDPOINT = "LOOKALIKE_TRITON_ENDPOINT"
    """host:port of Triton's gRPC service."""
    MODEL_NAME = "LOOKALIKE_MODEL_NAME"
    """The model's name in Triton."""
    MODEL_INPUT_SIZE = "LOOKALIKE_MODEL_INPUT_SIZE"
    """Side of the model's input in pixels."""
    CACHE_URL = "LOOKALIKE_CACHE_URL"
    """Where the embedding cache answers, ``rediss://host:port``; without it a function remembers by itself."""
    CACHE_NAME = "LOOKALIKE_CACHE_NAME"
    """The cache's name in the account, for which IAM signs."""
    CACHE_USER = "LOOKALIKE_CACHE_USER"
    """Whom a function logs into the cache as."""
    CATALOGUE_CLAIM = "LOOKALIKE_CATALOGUE_CLAIM"
    """The verified token's claim that names the caller's catalogue."""
    SERVICE_NAME = "POWERTOOLS_SERVICE_NAME"
    """The function's name in logs, traces and metrics."""
    METRICS_NAMESPACE = "POWERTOOLS_METRICS_NAMESPACE"
    """CloudWatch's namespace of the functions' metrics."""
    LOG_LEVEL = "POWERTOOLS_LOG_LEVEL"
    """Least level that is logged."""


def table_variable(table: Table) -> str:
    """The variable with a table's name in the account, e.g. ``LOOKALIKE_ITEM_PHOTOS_TABLE``."""
    return f"LOOKALIKE_{table.name.upper()}_TABLE"
