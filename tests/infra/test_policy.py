from typing import Any

import pytest

from infra.rehearsal.policy import allows

ARN = "arn:aws:sqs:eu-central-1:123456789012:received"


def a_policy(**changes: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [ARN], **changes}]}


def test_what_is_named_is_allowed_and_no_more() -> None:
    assert allows([a_policy()], "sqs:SendMessage", ARN)
    assert not allows([a_policy()], "sqs:ReceiveMessage", ARN)
    assert not allows([a_policy()], "sqs:SendMessage", f"{ARN}-dead")
    assert not allows([], "sqs:SendMessage", ARN)


def test_a_denial_wins() -> None:
    assert not allows([a_policy(), a_policy(Effect="Deny")], "sqs:SendMessage", ARN)


@pytest.mark.parametrize(
    ("condition", "context", "allowed"),
    [
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:SourceAccount": "1"}, True),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:SourceAccount": "2"}, False),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {}, False),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::photos-*"}}, {"aws:SourceArn": "arn:aws:s3:::photos-1"}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "true"}, False),
        ({"StringLike": {"a": ["x*", "y*"]}}, {"a": "yes"}, True),
    ],
)
def test_conditions_hold_or_not(condition: dict[str, Any], context: dict[str, str], allowed: bool) -> None:
    assert allows([a_policy(Condition=condition)], "sqs:SendMessage", ARN, context=context) is allowed


def test_a_resources_policy_speaks_of_who_asks() -> None:
    for_s3 = a_policy(Principal={"Service": "s3.amazonaws.com"})
    assert allows([for_s3], "sqs:SendMessage", ARN, service="s3.amazonaws.com")
    assert not allows([for_s3], "sqs:SendMessage", ARN, service="sns.amazonaws.com")
    assert not allows([for_s3], "sqs:SendMessage", ARN)


@pytest.mark.parametrize(
    "odd", [{"NotAction": ["sqs:*"]}, {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]
)
def test_what_is_not_evaluated_is_not_guessed(odd: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not evaluated"):
        allows([a_policy(**odd)], "sqs:SendMessage", ARN)
