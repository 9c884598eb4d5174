"""The adapters of AWS on moto, over real HTTP on loopback: a server a session, and for each test names of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock, Thread
from typing import Any

import boto3

from lookalike.adapters.aws.client import ClientSettings, dynamodb_client, s3_client, sqs_client
from lookalike.adapters.aws.event_log import DynamoEventLog
from lookalike.adapters.aws.item_store import DynamoItemStore
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.aws.photo_store import S3PhotoStore
from lookalike.adapters.aws.tables import EVENTS, ITEM_PHOTOS, ITEMS, PHOTOS, UPLOADS, Table, create_request
from lookalike.adapters.aws.work_queue import SqsWorkQueue, parse_pointer
from lookalike.imaging.limits import Limits
from lookalike.ports.work_queue import Pointer
from lookalike.testing import FixedClock
from lookalike.testing.examples import NOON

# moto keeps one account a process, whichever server is asked.
_numbers = count(1)


@contextmanager
def emulated_aws() -> Iterator["EmulatedAws"]:
    """Run moto on a free port of loopback until this ends."""
    # Slow to import, so only for those who ask for it.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    emulator = DynamoInTurn(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, emulator, threaded=True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield EmulatedAws(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class DynamoInTurn:
    """Has moto answer DynamoDB's requests one after the other: on its own, it looks at a condition and writes without
    a lock between, so that two conditional writes at once may both hold, as DynamoDB's never do.
    """

    def __init__(self, emulator: Callable[..., Any]) -> None:
        self._emulator = emulator
        self._turn = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB"):
            return self._emulator(environ, start_response)
        with self._turn:
            return self._emulator(environ, start_response)


class EmulatedAws:
    """Makes adapters, each on a bucket, queue or tables that nobody else uses."""

    def __init__(self, endpoint_url: str) -> None:
        # An emulator on two busy cores answers slower than AWS.
        settings = ClientSettings("eu-north-1", endpoint_url, read_timeout=60)
        session = boto3.Session("test", "test")
        self.s3 = s3_client(settings, session)
        self.dynamodb = dynamodb_client(settings, session)
        self.sqs = sqs_client(settings, session)

    def table(self, table: Table) -> str:
        """The name of a new, empty table."""
        name = f"{table.name}-{next(_numbers)}"
        self.dynamodb.create_table(**create_request(table, name))
        return name

    def bucket(self, *, versioned: bool = False) -> str:
        """The name of a new, empty bucket."""
        name = f"photos-{next(_numbers)}"
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        if versioned:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def queue(self) -> str:
        """The URL of a new, empty queue."""
        return self.sqs.create_queue(QueueName=f"work-{next(_numbers)}")["QueueUrl"]

    def ledger(self, **changes: Any) -> DynamoLedger:
        return DynamoLedger(self.dynamodb, uploads=self.table(UPLOADS), photos=self.table(PHOTOS), **changes)

    def item_store(self) -> DynamoItemStore:
        return DynamoItemStore(self.dynamodb, items=self.table(ITEMS), item_photos=self.table(ITEM_PHOTOS))

    def event_log(self) -> DynamoEventLog:
        return DynamoEventLog(self.dynamodb, events=self.table(EVENTS))

    def photo_store(self, max_bytes: int = Limits().max_bytes, *, versioned: bool = False) -> S3PhotoStore:
        bucket = self.bucket(versioned=versioned)
        return S3PhotoStore(self.s3, bucket=bucket, max_bytes=max_bytes, clock=FixedClock(NOON))

    def work_queue(self) -> tuple[SqsWorkQueue, Callable[[], list[Pointer]]]:
        """A queue, and what takes everything out that waits in it."""
        url = self.queue()
        return SqsWorkQueue(self.sqs, url=url), lambda: self.drain(url)

    def drain(self, url: str) -> list[Pointer]:
        """Take everything out that waits in a queue."""
        drained: list[Pointer] = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                drained.append(parse_pointer(message["Body"]).pointer)
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return drained
