import pytest
from grpc import StatusCode
from tritonclient.utils import InferenceServerException

from lookalike.adapters.triton import errors
from lookalike.errors import InvalidRequestError, LookalikeError, OverloadedError, UnavailableError


def translated(code: StatusCode | None, message: str = "") -> LookalikeError:
    return errors.translation(InferenceServerException(message, str(code) if code else None))


def test_every_status_has_one_meaning() -> None:
    groups = (errors.OVERLOADED, errors.UNAVAILABLE, errors.INVALID, errors.FAULT)
    assert sorted(code.name for group in groups for code in group) == sorted(code.name for code in StatusCode)


@pytest.mark.parametrize("code", [*StatusCode, None])
def test_every_status_becomes_an_error_of_ours_that_keeps_its_cause(code: StatusCode | None) -> None:
    cause = InferenceServerException("secret-host:8001 said no", str(code) if code else None)
    with pytest.raises(LookalikeError) as caught, errors.translated():
        raise cause
    assert caught.value.__cause__ is cause
    if code:
        assert "secret-host" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (StatusCode.UNAVAILABLE, "[request id: <id_unknown>] Exceeds maximum queue size", OverloadedError),
        (StatusCode.UNAVAILABLE, "Request timeout expired", OverloadedError),
        (StatusCode.RESOURCE_EXHAUSTED, "", OverloadedError),
        (StatusCode.UNAVAILABLE, "failed to connect to all addresses", UnavailableError),
        (StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded", UnavailableError),
        (StatusCode.INVALID_ARGUMENT, "unexpected shape for input 'PHOTO'", InvalidRequestError),
        (StatusCode.INTERNAL, "onnxruntime failed", UnavailableError),
    ],
)
def test_a_refusal_is_told_from_a_server_that_is_not_there(
    code: StatusCode, message: str, kind: type[LookalikeError]
) -> None:
    assert type(translated(code, message)) is kind


def test_what_a_person_must_put_right_is_not_tried_again_at_once() -> None:
    soon, late = translated(StatusCode.UNAVAILABLE), translated(StatusCode.UNIMPLEMENTED)
    assert isinstance(soon, UnavailableError)
    assert isinstance(late, UnavailableError)
    assert soon.retry_after < 10 < late.retry_after
