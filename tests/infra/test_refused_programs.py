"""Programs that are wrong in a way that AWS would refuse, or that the rehearsal cannot vouch for."""

from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pytest

from infra.components.alarms import Alarms
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.lambda_function import LambdaFunction, LambdaFunctionArgs
from infra.components.photo_store import PhotoStore, PhotoStoreArgs
from infra.components.work_queue import WorkQueue, WorkQueueArgs
from infra.config import ConsumerConfig
from infra.rehearsal.plan import Plan
from infra.rehearsal.stage import RehearsalError

Run = Callable[[Callable[[], None]], Plan]
ACCOUNT = "123456789012"


def a_key() -> DataKey:
    return DataKey("data", DataKeyArgs(account=ACCOUNT, region="eu-central-1", protect=False))


def a_store(key: DataKey) -> PhotoStore:
    args = PhotoStoreArgs(key=key, archive_after_days=30, noncurrent_days=30, protect=False)
    return PhotoStore("photos", args)


def a_queue(key: DataKey, *, visibility_s: int = 720, fed_by: aws.s3.Bucket | None = None) -> WorkQueue:
    args = WorkQueueArgs(
        account=ACCOUNT,
        key=key,
        visibility_s=visibility_s,
        max_receives=5,
        age_alarm_s=600,
        alarms=Alarms(),
        protect=False,
        fed_by=fed_by,
    )
    return WorkQueue("received", args)


def a_function(key: DataKey) -> LambdaFunction:
    args = LambdaFunctionArgs(
        handler="f.handler",
        package="f.zip",
        size=ConsumerConfig(),
        environment={},
        key=key,
        log_retention_days=30,
        alarms=Alarms(),
    )
    return LambdaFunction("f", args)


def notification(photos: PhotoStore, queue: WorkQueue, *, after: list[pulumi.Resource]) -> None:
    aws.s3.BucketNotification(
        "hasty",
        bucket=photos.bucket.id,
        queues=[{"queue_arn": queue.arn, "events": ["s3:ObjectCreated:*"]}],
        opts=pulumi.ResourceOptions(depends_on=after),
    )


def test_a_notification_that_waits_for_the_queues_policy_is_made(run: Run) -> None:
    def program() -> None:
        key = a_key()
        photos = a_store(key)
        photos.notify(a_queue(key, fed_by=photos.bucket))

    assert len(run(program).of("aws:s3/bucketNotification:BucketNotification")) == 1


def test_a_notification_that_does_not_wait_is_refused(run: Run) -> None:
    # The policy is declared, and here even made first; the next time it would not be.
    def program() -> None:
        key = a_key()
        photos = a_store(key)
        notification(photos, a_queue(key, fed_by=photos.bucket), after=[])

    with pytest.raises(RehearsalError, match="Unable to validate the following destination configurations"):
        run(program)


def test_a_notification_to_a_queue_that_takes_none_is_refused(run: Run) -> None:
    def program() -> None:
        key = a_key()
        queue = a_queue(key)
        notification(a_store(key), queue, after=[queue.policy])

    with pytest.raises(RehearsalError, match="no queue policy that it waits for lets S3 send"):
        run(program)


def test_a_notification_of_another_bucket_is_refused(run: Run) -> None:
    def program() -> None:
        key = a_key()
        queue = a_queue(key, fed_by=aws.s3.Bucket("another"))
        notification(a_store(key), queue, after=[queue.policy])

    with pytest.raises(RehearsalError, match="Unable to validate"):
        run(program)


def test_a_mapping_whose_role_may_not_consume_is_refused(run: Run) -> None:
    def program() -> None:
        key = a_key()
        function, queue = a_function(key), a_queue(key)
        aws.lambda_.EventSourceMapping(
            "hasty", event_source_arn=queue.arn, function_name=function._alias.arn, batch_size=1
        )

    with pytest.raises(RehearsalError, match=r"lets .* call sqs:ReceiveMessage on"):
        run(program)


def test_a_mapping_that_goes_round_the_alias_is_refused(run: Run) -> None:
    def program() -> None:
        key = a_key()
        function, queue = a_function(key), a_queue(key)
        aws.lambda_.EventSourceMapping(
            "hasty", event_source_arn=queue.arn, function_name=function._function.arn, batch_size=1
        )

    with pytest.raises(RehearsalError, match="no aws:lambda/alias:Alias with the ARN"):
        run(program)


def test_a_queue_that_gives_up_on_a_run_too_early_is_refused(run: Run) -> None:
    def program() -> None:
        key = a_key()
        a_function(key).consume(a_queue(key, visibility_s=60), ConsumerConfig(timeout_s=120))

    with pytest.raises(RehearsalError, match="visible again after 60 s, a run may take 120 s"):
        run(program)


def test_a_type_that_nobody_has_thought_about_is_refused(run: Run) -> None:
    with pytest.raises(RehearsalError, match=r"does not know how to make aws:kinesis/stream:Stream \(news\)"):
        run(lambda: aws.kinesis.Stream("news") and None)


def test_a_question_that_nobody_has_thought_about_is_refused(run: Run) -> None:
    def program() -> None:
        aws.get_billing_service_account()

    with pytest.raises(Exception, match="does not know what aws:index/getBillingServiceAccount"):
        run(program)


def test_what_the_emulator_refuses_is_refused(run: Run) -> None:
    def program() -> None:
        role = aws.iam.Role("r", assume_role_policy="{}")
        aws.iam.RolePolicy("broken", role=role.name, policy='{"Statement": [{"Effect": "Perhaps"}]}')

    with pytest.raises(Exception, match="MalformedPolicyDocument"):
        run(program)
