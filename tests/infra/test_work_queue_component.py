import json
from functools import cache
from typing import Any

import pulumi_aws as aws
import pytest

from infra.components.execution_role import ExecutionRole
from infra.rehearsal.plan import Plan, Resource
from infra.rehearsal.policy import allows
from tests.infra.parts import ACCOUNT, TOPIC, a_key, a_queue, alarms_of, shown_in_preview, sketched, the

QUEUE = "aws:sqs/queue:Queue"
POLICY = "aws:sqs/queuePolicy:QueuePolicy"
S3 = "s3.amazonaws.com"


def program() -> None:
    key = a_key()
    queue = a_queue(key, fed_by=aws.s3.Bucket("photos"), protect=True)
    sender, consumer = ExecutionRole("sender"), ExecutionRole("consumer")
    queue.allow_send(sender)
    queue.allow_consume(consumer)


@cache
def plan() -> Plan:
    return sketched(program)


def queue() -> Resource:
    return plan().one(QUEUE, "q")


def dead() -> Resource:
    return plan().one(QUEUE, "q-dead")


def policy(name: str) -> dict[str, Any]:
    (found,) = [p for p in plan().of(POLICY) if p.name == name]
    document: dict[str, Any] = json.loads(found.inputs["policy"])
    return document


def granted(name: str) -> list[dict[str, Any]]:
    role = plan().one("aws:iam/role:Role", name).attributes["name"]
    grants = plan().of("aws:iam/rolePolicy:RolePolicy")
    return [json.loads(grant.inputs["policy"]) for grant in grants if grant.inputs["role"] == role]


def test_a_first_preview_shows_all_of_it() -> None:
    assert shown_in_preview(program)


@pytest.mark.parametrize("name", ["q", "q-dead"])
def test_messages_are_encrypted_kept_for_two_weeks_and_protected(name: str) -> None:
    made = plan().one(QUEUE, name)
    assert made.inputs["kmsMasterKeyId"] == the(plan(), "aws:kms/key:Key").attributes["arn"]
    assert made.inputs["messageRetentionSeconds"] == 14 * 86_400
    assert made.inputs["receiveWaitTimeSeconds"] == 20
    assert made.declared.protect is True


def test_a_message_is_hidden_for_six_runs() -> None:
    assert queue().inputs["visibilityTimeoutSeconds"] == 6 * 120


def test_what_fails_five_times_is_a_dead_letter_of_this_queue_alone() -> None:
    redrive = json.loads(queue().inputs["redrivePolicy"])
    assert redrive == {"deadLetterTargetArn": dead().attributes["arn"], "maxReceiveCount": 5}
    assert "redrivePolicy" not in dead().inputs
    allowed = the(plan(), "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy").inputs
    assert allowed["queueUrl"] == dead().attributes["url"]
    assert json.loads(allowed["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [queue().attributes["arn"]],
    }


@pytest.mark.parametrize("name", ["q", "q-dead"])
def test_nobody_comes_without_tls(name: str) -> None:
    (denied,) = [s for s in policy(name)["Statement"] if s["Effect"] == "Deny"]
    assert (denied["Principal"], denied["Action"]) == ("*", ["sqs:*"])
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Resource"] == [plan().one(QUEUE, name).attributes["arn"]]


def test_the_bucket_that_feeds_it_may_send_and_no_other() -> None:
    arn = queue().attributes["arn"]
    bucket = the(plan(), "aws:s3/bucket:Bucket").attributes["arn"]
    asked = {"aws:SourceArn": bucket, "aws:SourceAccount": ACCOUNT, "aws:SecureTransport": "true"}
    assert allows([policy("q")], "sqs:SendMessage", arn, service=S3, context=asked)
    for wrong in ({"aws:SourceArn": f"{bucket}-2"}, {"aws:SourceAccount": "999999999999"}):
        assert not allows([policy("q")], "sqs:SendMessage", arn, service=S3, context=asked | wrong)
    assert not allows([policy("q-dead")], "sqs:SendMessage", dead().attributes["arn"], service=S3, context=asked)


def test_who_sends_does_not_take_and_who_takes_does_not_send() -> None:
    arn = queue().attributes["arn"]
    assert allows(granted("sender"), "sqs:SendMessage", arn)
    assert not allows(granted("sender"), "sqs:ReceiveMessage", arn)
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        assert allows(granted("consumer"), f"sqs:{action}", arn)
    assert not allows(granted("consumer"), "sqs:SendMessage", arn)
    assert not allows(granted("consumer"), "sqs:ReceiveMessage", dead().attributes["arn"])


def test_alarms_ring_on_age_and_on_the_first_dead_letter_and_say_what_to_do() -> None:
    age, letters = (alarm.inputs for alarm in alarms_of(plan()))
    assert (age["metricName"], age["threshold"]) == ("ApproximateAgeOfOldestMessage", 600)
    assert age["dimensions"] == {"QueueName": queue().attributes["name"]}
    assert "docs/runbooks/queue-age.md" in age["alarmDescription"]
    assert (letters["metricName"], letters["threshold"]) == ("ApproximateNumberOfMessagesVisible", 0)
    assert letters["dimensions"] == {"QueueName": dead().attributes["name"]}
    assert "docs/runbooks/dead-letters.md" in letters["alarmDescription"]
    for alarm in (age, letters):
        assert (alarm["namespace"], alarm["alarmActions"], alarm["statistic"]) == ("AWS/SQS", [TOPIC], "Maximum")
