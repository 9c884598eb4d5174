"""The adapters of AWS over one client a service, made when first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from functions.counted_events import CountedEventLog
from functions.settings import Settings
from lookalike.adapters.aws.client import ClientSettings, dynamodb_client, s3_client, sqs_client
from lookalike.adapters.aws.event_log import DynamoEventLog
from lookalike.adapters.aws.item_store import DynamoItemStore
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.aws.photo_store import S3PhotoStore
from lookalike.adapters.aws.session import open_session
from lookalike.adapters.aws.work_queue import SqsWorkQueue
from lookalike.adapters.embedded.clock import SystemClock
from lookalike.imaging.limits import Limits
from lookalike.ports.event_log import EventLog

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

LIMITS: Final = Limits()


class Aws:
    """Makes adapters for one function."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.session = open_session()
        self.clock = SystemClock()

    @property
    def region(self) -> str:
        """Where the function runs."""
        return self._settings.region

    def ledger(self, uploads: str, photos: str) -> DynamoLedger:
        """Uploads and photos, by their tables' names."""
        return DynamoLedger(self._dynamodb, uploads=uploads, photos=photos)

    def items(self, items: str, item_photos: str) -> DynamoItemStore:
        """Items and which photos show them, by their tables' names."""
        return DynamoItemStore(self._dynamodb, items=items, item_photos=item_photos)

    def events(self, events: str) -> EventLog:
        """The event log, by its table's name; what it is told of is counted as well."""
        return CountedEventLog(DynamoEventLog(self._dynamodb, events=events))

    def photos(self, bucket: str) -> S3PhotoStore:
        """The bucket, by its name."""
        return S3PhotoStore(self._s3, bucket=bucket, max_bytes=LIMITS.max_bytes, clock=self.clock)

    def queue(self, url: str) -> SqsWorkQueue:
        """A queue to send to."""
        return SqsWorkQueue(self._sqs, url=url)

    @cached_property
    def _s3(self) -> "S3Client":
        return s3_client(self._client(self._settings.s3_endpoint_url or self._settings.endpoint_url), self.session)

    @cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        return dynamodb_client(self._client(self._settings.endpoint_url), self.session)

    @cached_property
    def _sqs(self) -> "SQSClient":
        return sqs_client(self._client(self._settings.endpoint_url), self.session)

    def _client(self, endpoint_url: str | None) -> ClientSettings:
        return ClientSettings(self._settings.region, endpoint_url)
