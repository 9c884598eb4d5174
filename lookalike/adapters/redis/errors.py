"""What redis-py raises, in our words; the original is kept as the error's cause."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from lookalike.errors import UnavailableError

_REPAIR: Final = 60.0
"""Seconds after which to try again where a person has to put the deployment right first."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise `UnavailableError` for whatever redis-py raises; it names the kind alone, as reasons hold hosts."""
    try:
        yield
    except (AuthenticationError, NoPermissionError) as error:
        raise UnavailableError(f"the cache lets us not in ({type(error).__name__})", retry_after=_REPAIR) from error
    except (RedisError, OSError) as error:
        raise UnavailableError(f"no answer from the cache ({type(error).__name__})") from error
