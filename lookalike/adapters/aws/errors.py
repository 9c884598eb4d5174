"""What botocore raises, in our words.

Messages name the operation and the vendor's code and nothing else: what AWS writes beside them may hold account
numbers, roles and addresses, and ours may reach a client. The original is kept as the error's cause.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.eventstream import NoInitialResponseError, ParserError
from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name; Python's would never be raised by it
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    UndefinedModelAttributeError,
)
from botocore.parsers import ResponseParserError

from lookalike.errors import (
    ConflictError,
    LookalikeError,
    NotFoundError,
    OverloadedError,
    UnavailableError,
)

_REPAIR: Final = 60.0
"""Seconds after which to try again where a person has to put the deployment right first."""
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500

TRANSACTION_CANCELLED: Final = "TransactionCanceledException"
OVERLOADED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KmsThrottled",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",  # so named among a cancelled transaction's reasons
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
CONTENTION: Final = frozenset({"TransactionConflict", "TransactionConflictException"})
UNAVAILABLE: Final = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "OperationAborted",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
NOT_FOUND: Final = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
FORBIDDEN: Final = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "Forbidden",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "KmsAccessDenied",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""A role that allows too little or credentials that ran out: ours to put right, never the shopper's to be told."""
CONFLICT: Final = frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException", TRANSACTION_CANCELLED})
FAULT: Final = frozenset(
    {
        "BatchEntryIdsNotDistinct",
        "BatchRequestTooLong",
        "EmptyBatchRequest",
        "EncryptionTypeMismatch",
        "IdempotentParameterMismatchException",
        "InvalidAddress",
        "InvalidBatchEntryId",
        "InvalidObjectState",
        "InvalidRequest",
        "InvalidWriteOffset",
        "ItemCollectionSizeLimitExceededException",
        "KmsDisabled",
        "KmsInvalidKeyUsage",
        "KmsInvalidState",
        "KmsNotFound",
        "KmsOptInRequired",
        "NoSuchBucket",
        "NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "TooManyEntriesInBatchRequest",
        "TooManyParts",
        "UnsupportedOperation",
        "ValidationException",
    }
)
"""A table, bucket, queue or key that is not there or not usable, or a request that we should not have made."""

_PASSING: Final = (
    ConnectionError,
    HTTPClientError,
    ChecksumError,
    FlexibleChecksumError,
    IncompleteReadError,
    NoInitialResponseError,
    ParserError,
    ResponseParserError,
    CredentialRetrievalError,
    MetadataRetrievalError,
)
"""Kinds that pass by themselves: the network, an answer cut short, credentials that did not come in time."""
_BOTOCORES: Final = (BotoCoreError, ClientError, UndefinedModelAttributeError, *_PASSING)


@contextmanager
def translated() -> Iterator[None]:
    """Let nothing of botocore's out: raise what `translation` makes of it instead."""
    try:
        yield
    except _BOTOCORES as error:
        raise translation(error) from error


def translation(error: Exception) -> LookalikeError:
    """The error of ours that one of botocore's stands for; every one stands for some."""
    if isinstance(error, ClientError):
        return _answered(error)
    if isinstance(error, _PASSING):
        return UnavailableError(f"no answer from AWS ({type(error).__name__})")
    return UnavailableError(f"the deployment is at fault ({type(error).__name__})", retry_after=_REPAIR)


def translated_code(code: str, message: str, status: int = 0) -> LookalikeError:
    """The error of ours for an error code of AWS, or else for the HTTP status that came with it."""
    kind = code.rpartition(".")[2]  # SQS writes AWS.SimpleQueueService.NonExistentQueue, KMS.ThrottlingException
    if kind in NOT_FOUND:
        return NotFoundError(message)
    if kind in CONFLICT:
        return ConflictError(message)
    if kind in FORBIDDEN:
        return UnavailableError(message, retry_after=_REPAIR)
    if kind in OVERLOADED:
        return OverloadedError(message)
    if kind in UNAVAILABLE:
        return UnavailableError(message)
    return _by_status(status, message) if kind not in FAULT else UnavailableError(message, retry_after=_REPAIR)


def error_code(error: ClientError) -> str:
    """AWS's name for what went wrong, e.g. ``NoSuchKey``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_contention(error: LookalikeError) -> bool:
    """Whether a write was refused only because another was under way on the same row: sent again, it may succeed."""
    cause = error.__cause__
    return isinstance(cause, ClientError) and _reasons(cause) <= CONTENTION


def _reasons(error: ClientError) -> frozenset[str]:
    response: dict[str, Any] = dict(error.response)
    refused = frozenset(str(reason.get("Code", "None")) for reason in response.get("CancellationReasons", ()))
    return refused - {"None"} or frozenset({error_code(error)})


def _answered(error: ClientError) -> LookalikeError:
    code = error_code(error)
    message = f"AWS answered {error.operation_name} with {code or 'an error'}"
    reasons = _reasons(error)
    if reasons <= OVERLOADED:
        return OverloadedError(message)
    if not reasons <= CONFLICT | OVERLOADED | {code}:  # a transaction that could never have held
        return UnavailableError(f"{message} ({', '.join(sorted(reasons))})", retry_after=_REPAIR)
    return translated_code(code, message, error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _by_status(status: int, message: str) -> LookalikeError:
    if status == _TOO_MANY_REQUESTS:
        return OverloadedError(message)
    return UnavailableError(message) if status >= _SERVER_ERROR else UnavailableError(message, retry_after=_REPAIR)
