import inspect
from collections.abc import Iterator
from typing import Any

import botocore.eventstream
import botocore.exceptions
import botocore.parsers
import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from hypothesis import given
from hypothesis import strategies as st

from lookalike.adapters.aws import errors
from lookalike.adapters.aws.errors import is_contention, translated, translated_code
from lookalike.errors import (
    ConflictError,
    LookalikeError,
    NotFoundError,
    OverloadedError,
    UnavailableError,
)

OPERATIONS = {
    "s3": ("GetObject", "PutObject", "DeleteObjects"),
    "dynamodb": ("BatchGetItem", "BatchWriteItem", "UpdateItem", "Query", "TransactWriteItems"),
    "sqs": ("SendMessageBatch",),
}
TABLES = (errors.OVERLOADED, errors.UNAVAILABLE, errors.NOT_FOUND, errors.FORBIDDEN, errors.CONFLICT, errors.FAULT)


def botocore_errors() -> list[type[Exception]]:
    found = [
        kind
        for module in (botocore.exceptions, botocore.eventstream, botocore.parsers)
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, Exception) and not issubclass(kind, Warning)
    ]
    return [kind for kind in found if kind.__module__.startswith("botocore.")]


def modelled_codes() -> Iterator[str]:
    session = botocore.session.Session()
    for service, operations in OPERATIONS.items():
        model = session.get_service_model(service)
        for operation in operations:
            shapes: list[Any] = list(model.operation_model(operation).error_shapes)
            yield from (shape.error_code for shape in shapes)


def meet(error: Exception) -> LookalikeError:
    with pytest.raises(LookalikeError) as met, translated():
        raise error
    assert met.value.__cause__ is error
    return met.value


def answered(code: str, status: int = 400, *reasons: str) -> LookalikeError:
    response = {
        "Error": {"Code": code, "Message": "arn:aws:iam::123456789012:role/secret"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return meet(ClientError(response, "PutObject"))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", botocore_errors(), ids=lambda kind: kind.__name__)
def test_nothing_of_botocores_comes_through(kind: type[Exception]) -> None:
    error = kind.__new__(kind)  # their constructors all ask for something else
    if isinstance(error, ClientError):
        error.response, error.operation_name = {}, "PutObject"
    assert isinstance(meet(error), LookalikeError)


def test_what_the_network_does_passes_soon() -> None:
    names = ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError", "SSLError")
    for name in names:
        kind = getattr(botocore.exceptions, name)
        error = meet(kind.__new__(kind))
        assert isinstance(error, UnavailableError)
        assert error.retry_after <= 1


def test_what_a_person_has_to_put_right_is_not_tried_again_at_once() -> None:
    for error in (botocore.exceptions.NoCredentialsError(), botocore.exceptions.NoRegionError()):
        met = meet(error)
        assert isinstance(met, UnavailableError)
        assert met.retry_after >= 30


@pytest.mark.parametrize("code", sorted(set(modelled_codes())))
def test_every_code_of_the_operations_in_use_has_its_place(code: str) -> None:
    assert sum(code in table for table in TABLES) == 1


@pytest.mark.parametrize("code", vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"])
def test_every_throttling_code_is_overload(code: str) -> None:
    assert isinstance(answered(code), OverloadedError)


@pytest.mark.parametrize("code", vars(TransientRetryableChecker)["_TRANSIENT_ERROR_CODES"])
def test_every_transient_code_may_be_tried_again(code: str) -> None:
    assert isinstance(answered(code), OverloadedError | UnavailableError)


def test_no_code_has_two_places() -> None:
    assert sum(map(len, TABLES)) == len(frozenset().union(*TABLES))


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, NotFoundError),
        ("404", 404, NotFoundError),
        ("NoSuchBucket", 404, UnavailableError),
        ("ResourceNotFoundException", 400, UnavailableError),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, UnavailableError),
        ("KMS.ThrottlingException", 400, OverloadedError),
        ("KMS.AccessDeniedException", 400, UnavailableError),
        ("AccessDenied", 403, UnavailableError),
        ("ConditionalCheckFailedException", 400, ConflictError),
        ("SlowDown", 503, OverloadedError),
        ("InternalError", 500, UnavailableError),
        ("NeverHeardOf", 403, UnavailableError),
        ("NeverHeardOf", 429, OverloadedError),
        ("NeverHeardOf", 502, UnavailableError),
        ("NeverHeardOf", 418, UnavailableError),
    ],
)
def test_codes_mean_what_they_say(code: str, status: int, expected: type[LookalikeError]) -> None:
    assert type(answered(code, status)) is expected


@pytest.mark.parametrize(
    ("reasons", "expected", "contended"),
    [
        (["ConditionalCheckFailed", "None"], ConflictError, False),
        (["TransactionConflict", "None"], OverloadedError, True),
        (["ConditionalCheckFailed", "TransactionConflict"], ConflictError, False),
        (["None", "ThrottlingError"], OverloadedError, False),
        (["ValidationError"], UnavailableError, False),
        ([], ConflictError, False),
    ],
)
def test_a_cancelled_transaction_is_known_by_its_reasons(
    reasons: list[str], expected: type[LookalikeError], contended: bool
) -> None:
    error = answered("TransactionCanceledException", 400, *reasons)
    assert type(error) is expected
    assert is_contention(error) is contended


@given(code=st.text(), status=st.integers(0, 999))
def test_every_code_and_status_means_something(code: str, status: int) -> None:
    assert isinstance(translated_code(code, "message", status), LookalikeError)


def test_what_aws_says_of_accounts_and_roles_is_not_passed_on() -> None:
    assert "123456789012" not in str(answered("AccessDenied", 403))
    assert "AccessDenied" in str(answered("AccessDenied", 403))


def test_our_own_errors_come_through_unchanged() -> None:
    ours = NotFoundError("no photo")
    with pytest.raises(NotFoundError) as met, translated():
        raise ours
    assert met.value is ours
