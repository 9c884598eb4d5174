"""The rehearsed cloud is real: what is put in at one end comes out at the other."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import pytest

from infra.rehearsal import Rehearsed
from lookalike.adapters.aws.tables import TABLES


def bodies(cloud: Rehearsed, queue: str) -> list[dict[str, Any]]:
    """What a queue holds; it is empty afterwards."""
    url, found = cloud.queues[queue].url, []
    while messages := cloud.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get(
        "Messages"
    ):
        for message in messages:
            found.append(json.loads(message["Body"]))
            cloud.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


@pytest.fixture
def cloud(rehearsed: Rehearsed) -> Iterator[Rehearsed]:
    bodies(rehearsed, "received")
    yield rehearsed
    bodies(rehearsed, "received")


def test_an_original_that_arrives_is_a_message(cloud: Rehearsed) -> None:
    bucket = cloud.outputs["photo_bucket"]
    cloud.clients.s3.put_object(Bucket=bucket, Key="uploads/shop/a+b c", Body=b"photo")
    (event,) = bodies(cloud, "received")
    (record,) = event["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["name"] == bucket
    assert unquote_plus(record["s3"]["object"]["key"]) == "uploads/shop/a+b c"


@pytest.mark.parametrize("key", ["prepared/shop/1", "thumbnails/shop/1", "uploads", "other/uploads/1"])
def test_nothing_else_that_arrives_is_a_message(cloud: Rehearsed, key: str) -> None:
    cloud.clients.s3.put_object(Bucket=cloud.outputs["photo_bucket"], Key=key, Body=b"photo")
    assert bodies(cloud, "received") == []


def test_a_pre_signed_form_brings_a_photo_in(cloud: Rehearsed) -> None:
    httpx = pytest.importorskip("httpx")
    key = "uploads/shop/by-form"
    form = cloud.clients.s3.generate_presigned_post(cloud.outputs["photo_bucket"], key, ExpiresIn=600)
    assert httpx.post(form["url"], data=form["fields"], files={"file": b"photo"}).is_success
    (event,) = bodies(cloud, "received")
    assert event["Records"][0]["eventName"] == "ObjectCreated:Post"


def test_a_message_that_is_never_done_ends_among_the_dead_letters(cloud: Rehearsed) -> None:
    queue, sqs = cloud.queues["to-embed"], cloud.clients.sqs
    assert (queue.max_receives, queue.dead_letter_url) == (5, cloud.queues["to-embed-dead"].url)
    sqs.send_message(QueueUrl=queue.url, MessageBody='"poison"')
    for _ in range(5):
        (message,) = sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=0)["Messages"]
        sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=0)
    assert bodies(cloud, "to-embed-dead") == ["poison"]


def test_tables_are_as_the_adapters_know_them(cloud: Rehearsed) -> None:
    for table in TABLES:
        name = cloud.outputs["tables"][table.name]
        made = cloud.clients.dynamodb.describe_table(TableName=name)["Table"]
        assert keys(made) == [key.name for key in table.keys]
        indexes = {index["IndexName"]: keys(index) for index in made.get("GlobalSecondaryIndexes", [])}
        assert indexes == {index.name: [key.name for key in index.keys] for index in table.indexes}
        types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in made["AttributeDefinitions"]}
        assert types == {key.name: key.type for key in table.key_attributes}
        expiry = cloud.clients.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert expiry.get("AttributeName") == table.expiry


def keys(keyed: Any) -> list[str]:
    return [key["AttributeName"] for key in sorted(keyed["KeySchema"], key=lambda key: key["KeyType"])]


def test_the_bucket_is_as_the_program_says(cloud: Rehearsed) -> None:
    s3, bucket = cloud.clients.s3, cloud.outputs["photo_bucket"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    filters = {rule["ID"]: rule["Filter"] for rule in rules}
    assert filters["archive-originals"] == {"Prefix": "uploads/"}
    assert filters["forget-queries"] == {"Tag": {"Key": "purpose", "Value": "query"}}
    origins = s3.get_bucket_cors(Bucket=bucket)["CORSRules"][0]["AllowedOrigins"]
    assert origins == ["http://127.0.0.1:8000", cloud.outputs["website_url"]]


def test_queues_are_as_the_program_says(cloud: Rehearsed) -> None:
    for queue in cloud.queues.values():
        said = cloud.clients.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])["Attributes"]
        assert int(said["VisibilityTimeout"]) == queue.visibility_s == 720
        assert "aws:SecureTransport" in said["Policy"]
        assert said["KmsMasterKeyId"].startswith("arn:aws:kms:")


def test_two_rehearsals_do_not_meet(cloud: Rehearsed) -> None:
    from infra.rehearsal import rehearse_infra  # noqa: PLC0415 - the second of the test

    with rehearse_infra({"triton": {"endpoint": "127.0.0.1:9999"}}) as other:
        assert other.outputs["photo_bucket"] != cloud.outputs["photo_bucket"]
        assert other.functions["embed"].environment["LOOKALIKE_TRITON_ENDPOINT"] == "127.0.0.1:9999"
        other.clients.s3.put_object(Bucket=other.outputs["photo_bucket"], Key="uploads/shop/1", Body=b"photo")
        assert bodies(cloud, "received") == []
