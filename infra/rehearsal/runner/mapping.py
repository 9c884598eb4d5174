import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore, Thread
from typing import TYPE_CHECKING, Any, Final

from infra.rehearsal.registry import EventSourceMapping
from infra.rehearsal.runner.function import Function
from infra.rehearsal.runner.sandbox import FunctionError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)

_MOST_RECEIVED: Final = 10
_POLL_SECONDS: Final = 0.1
_UNLIMITED: Final = 1000


class MappingRunner:
    """Feeds a function from its queue as an event-source mapping does.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: batches of up to `batch_size`, for which
    it waits up to the window; no more runs at once than the mapping allows; what succeeded is deleted, what failed is
    seen again when its visibility time-out ends, and goes to the dead-letter queue after the queue's receives.
    """

    def __init__(
        self, mapping: EventSourceMapping, function: Function, sqs: "SQSClient", retry_after_s: int | None = None
    ) -> None:
        """`retry_after_s` shows what failed again after so many seconds; None waits the visibility out, as AWS does."""
        self.mapping = mapping
        self._function = function
        self._sqs: Any = sqs
        self.retry_after_s = retry_after_s
        most = mapping.max_concurrency or _UNLIMITED
        self._slots = Semaphore(most)
        self._pool = ThreadPoolExecutor(most, f"deliver {mapping.queue.name}")
        self._stopping = Event()
        self._thread = Thread(target=self._poll, name=f"poll {mapping.queue.name}", daemon=True)

    def start(self) -> None:
        """Begin; call once."""
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more out, and wait for the runs under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown()

    def _poll(self) -> None:
        while not self._stopping.is_set():
            if not self._slots.acquire(timeout=_POLL_SECONDS):
                continue
            try:
                batch = self._gather()
            except Exception:
                log.exception("the queue %s cannot be read", self.mapping.queue.name)
                batch = []
            if batch:
                self._pool.submit(self._deliver, batch)
            else:
                self._slots.release()
                self._stopping.wait(_POLL_SECONDS)

    def _gather(self) -> list[dict[str, Any]]:
        batch = self._receive(self.mapping.batch_size)
        closes = time.monotonic() + self.mapping.window_s
        while batch and len(batch) < self.mapping.batch_size and time.monotonic() < closes:
            more = self._receive(self.mapping.batch_size - len(batch))
            batch += more
            if not more and self._stopping.wait(_POLL_SECONDS):
                break
        return batch

    def _receive(self, most: int) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self.mapping.queue.url,
            MaxNumberOfMessages=min(most, _MOST_RECEIVED),
            WaitTimeSeconds=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _deliver(self, batch: Sequence[Mapping[str, Any]]) -> None:
        try:
            failed = self._failed(batch, self._run(batch))
            self._delete([message for message in batch if message["MessageId"] not in failed])
            self._show_again([message for message in batch if message["MessageId"] in failed])
        except Exception:
            log.exception("a batch of %s was not settled", self.mapping.queue.name)
        finally:
            self._slots.release()

    def _run(self, batch: Sequence[Mapping[str, Any]]) -> Any:
        records = [_record(message, self.mapping) for message in batch]
        try:
            return self._function.invoke({"Records": records})
        except FunctionError as error:
            log.info("%s: %s", self.mapping.function.name, error)
            return error

    def _failed(self, batch: Sequence[Mapping[str, Any]], answer: Any) -> set[str]:
        """Ids of those to come again: all where the run failed, or where its report cannot be understood."""
        everything = {message["MessageId"] for message in batch}
        if isinstance(answer, FunctionError):
            return everything
        if not self.mapping.reports_item_failures or not answer:
            return set()
        try:
            reported = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures") or ()}
        except (AttributeError, KeyError, TypeError):
            return everything
        return everything if reported - everything else reported

    def _delete(self, messages: Sequence[Mapping[str, Any]]) -> None:
        for some in _tens(messages):
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(some)]
            self._sqs.delete_message_batch(QueueUrl=self.mapping.queue.url, Entries=entries)

    def _show_again(self, messages: Sequence[Mapping[str, Any]]) -> None:
        if self.retry_after_s is None:
            return
        for message in messages:
            self._sqs.change_message_visibility(
                QueueUrl=self.mapping.queue.url,
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=self.retry_after_s,
            )


def _record(message: Mapping[str, Any], mapping: EventSourceMapping) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": message.get("MessageAttributes", {}),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.queue.arn,
        "awsRegion": mapping.queue.arn.split(":")[3],
    }


def _tens(messages: Sequence[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    return [messages[start : start + _MOST_RECEIVED] for start in range(0, len(messages), _MOST_RECEIVED)]
