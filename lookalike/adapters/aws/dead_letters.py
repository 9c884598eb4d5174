from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lookalike.adapters.aws.errors import translated, translated_code
from lookalike.adapters.aws.parallel import chunks, in_parallel

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MOST: Final = 10
"""Of a batch. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that its consumer gave up, taken out by this process; `receipt` lets it be put back or sent back."""

    body: str
    receipt: str
    attributes: dict[str, Any] = field(default_factory=dict)


class SqsDeadLetters:
    """A dead-letter queue: look at what is in it, and send it back to the queue that it came from.

    SQS could move letters by itself (`StartMessageMoveTask`), but all or none, and without telling why they died.
    """

    def __init__(self, client: "SQSClient", *, url: str, source_url: str, hidden_s: int = 300) -> None:
        """Letters that are taken are hidden from others for `hidden_s` seconds; then they are back by themselves."""
        self._client = client
        self._url = url
        self._source_url = source_url
        self._hidden_s = hidden_s

    def take_many(self, most: int) -> list[DeadLetter]:
        """Up to `most` letters, which nobody else sees for a while; fewer only where there are no more."""
        taken: list[DeadLetter] = []
        while len(taken) < most:
            with translated():
                answer = self._client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=min(_MOST, most - len(taken)),
                    VisibilityTimeout=self._hidden_s,
                    WaitTimeSeconds=1,  # a short poll asks only some of SQS's servers
                    MessageAttributeNames=["All"],
                )
            messages = answer.get("Messages", [])
            if not messages:
                break
            taken += [DeadLetter(m["Body"], m["ReceiptHandle"], dict(m.get("MessageAttributes", {}))) for m in messages]
        return taken

    def put_back(self, letters: Sequence[DeadLetter]) -> None:
        """Let others see them again at once."""
        in_parallel(self._show, chunks(letters, _MOST))

    def send_back(self, letters: Sequence[DeadLetter]) -> int:
        """Send them to the queue they came from, then delete them here; return how many.

        Killed in between, a letter is in both queues: its work is done once more, which changes nothing. Raises
        `UnavailableError` when AWS refused some; these are still here.
        """
        return sum(in_parallel(self._send, chunks(letters, _MOST)))

    def _show(self, letters: Sequence[DeadLetter]) -> None:
        # One whose time has run out is visible already: AWS says so, and nothing is to be done.
        with translated():
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(at), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                    for at, letter in enumerate(letters)
                ],
            )

    def _send(self, letters: Sequence[DeadLetter]) -> int:
        with translated():
            sent = self._client.send_message_batch(
                QueueUrl=self._source_url,
                Entries=[
                    {"Id": str(at), "MessageBody": letter.body, "MessageAttributes": letter.attributes}
                    for at, letter in enumerate(letters)
                ],
            )
            went = [letters[int(entry["Id"])] for entry in sent.get("Successful", [])]
            if went:
                self._client.delete_message_batch(
                    QueueUrl=self._url,
                    Entries=[{"Id": str(at), "ReceiptHandle": letter.receipt} for at, letter in enumerate(went)],
                )
        if refused := sent.get("Failed", []):
            raise translated_code(refused[0]["Code"], f"AWS answered SendMessageBatch with {refused[0]['Code']}")
        return len(went)
