"""Send dead letters back to the queue they came from, once what killed them is put right.

Without --yes it only tells how many there are by cause. The stack's outputs are read from standard input:

    pulumi stack output --json | python -m infra.redrive received
    pulumi stack output --json | python -m infra.redrive received --cause 'embedder does not answer' --yes
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import boto3

from lookalike.adapters.aws.client import ClientSettings, dynamodb_client, sqs_client
from lookalike.adapters.aws.dead_letters import DeadLetter, SqsDeadLetters
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.aws.received import read_received
from lookalike.adapters.aws.work_queue import Reading
from lookalike.domain.upload import Upload, UploadStatus
from lookalike.errors import InvalidRequestError, LookalikeError
from lookalike.ports.work_queue import Pointer

QUEUES: Final = ("received", "to-embed")
_NO_RECORD: Final = "the ledger knows no such upload: it was removed, or never asked for"
_NO_WORK: Final = "tells of no upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """Sends the letters of one dead-letter queue back; the `ledger` knows why each died."""

    letters: SqsDeadLetters
    ledger: DynamoLedger
    say: Callable[[str], None]

    def run(self, *, wanted: str = "", move: bool = False, most: int) -> int:
        """Tell of up to `most` letters by cause and, if asked to, send back those whose cause has `wanted` in it.

        Returns how many were sent back. Whatever happens, the others can be seen again.
        """
        left = taken = self.letters.take_many(most)
        try:
            by_cause = self._by_cause(taken)
            self._tell(by_cause)
            if len(taken) == most:
                self.say(f"these are the first {most:,}; there may be more: run this again")
            if not move:
                return self._only_looked(taken)
            chosen = [letter for cause, those in by_cause.items() if wanted in cause for letter in those]
            going = {letter.receipt for letter in chosen}
            left = [letter for letter in taken if letter.receipt not in going]
            return self._sent(self.letters.send_back(chosen))
        finally:
            self.letters.put_back(left)

    def _only_looked(self, taken: Sequence[DeadLetter]) -> int:
        if taken:
            self.say("nothing was moved: --yes sends them back")
        return 0

    def _sent(self, count: int) -> int:
        self.say(f"{count:,} sent back")
        return count

    def _tell(self, by_cause: Mapping[str, Sequence[DeadLetter]]) -> None:
        counts = Counter({cause: len(those) for cause, those in by_cause.items()})
        for cause, count in counts.most_common():
            self.say(f"{count:>8,}  {cause}")
        if not counts:
            self.say("no dead letters")

    def _by_cause(self, letters: Sequence[DeadLetter]) -> dict[str, list[DeadLetter]]:
        readings = [read_received(letter.body) for letter in letters]
        known = self._uploads([message.pointer for reading in readings for message in reading.messages])
        by_cause: dict[str, list[DeadLetter]] = {}
        for letter, reading in zip(letters, readings, strict=True):
            by_cause.setdefault(_cause_of(reading, known), []).append(letter)
        return by_cause

    def _uploads(self, pointers: Sequence[Pointer]) -> dict[Pointer, Upload]:
        found: dict[Pointer, Upload] = {}
        ordered = sorted(pointers, key=lambda pointer: pointer.catalogue)
        for catalogue, those in groupby(ordered, key=lambda pointer: pointer.catalogue):
            uploads = self.ledger.find_uploads(catalogue, list({pointer.upload for pointer in those}))
            found |= {Pointer(catalogue, upload.id): upload for upload in uploads.values()}
        return found


def _cause_of(reading: Reading, known: Mapping[Pointer, Upload]) -> str:
    """Why a letter died: the part that cannot be read, else the first of its uploads that is not at its end."""
    if reading.error:
        return f"cannot be read: {reading.error}"
    uploads = [known.get(message.pointer) for message in reading.messages]
    if not uploads:
        return _NO_WORK
    return _cause(next((upload for upload in uploads if upload is None or not upload.is_final), uploads[0]))


def _cause(upload: Upload | None) -> str:
    if upload is None:
        return _NO_RECORD
    if upload.status is UploadStatus.FAILED:
        return f"failed: {upload.detail}"
    if upload.is_final:
        return f"already {upload.status}: sending it back changes nothing"
    return f"{upload.status}, and no step wrote down why it stopped"


def _place(outputs: Mapping[str, Any], region: str | None) -> tuple[str, Mapping[str, Any]]:
    """The region asked for, or the only one there is, and what the stack exports of it."""
    regions = outputs.get("regions", {})
    if region is None and len(regions) == 1:
        region = next(iter(regions))
    if region is None or region not in regions:
        raise InvalidRequestError("region", f"must be one of {', '.join(regions) or 'none: is this the stack?'}")
    return region, regions[region]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.redrive", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("queue", choices=QUEUES, help="the queue that the letters came from")
    parser.add_argument("--region", help="of several that the stack serves from")
    parser.add_argument("--cause", default="", metavar="TEXT", help="only letters whose cause has this in it")
    parser.add_argument("--most", type=int, default=10_000, metavar="N", help="letters at a time (default %(default)s)")
    parser.add_argument("--yes", action="store_true", help="send them back; without it they are only told of")
    parser.add_argument("--endpoint-url", help="of an emulator")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 when it went well, 2 for bad input, 4 when AWS did not do what it was asked."""
    given = _arguments(argv)
    try:
        region, place = _place(json.load(sys.stdin), given.region)
        settings, session = ClientSettings(region, given.endpoint_url, read_timeout=30), boto3.Session()
        name = given.queue.replace("-", "_")
        letters = SqsDeadLetters(
            sqs_client(settings, session),
            url=place[f"{name}_dead_letter_url"],
            source_url=place[f"{name}_queue_url"],
        )
        tables = place["tables"]
        ledger = DynamoLedger(dynamodb_client(settings, session), uploads=tables["uploads"], photos=tables["photos"])
        Redrive(letters=letters, ledger=ledger, say=print).run(wanted=given.cause, move=given.yes, most=given.most)
    except (InvalidRequestError, ValueError, KeyError) as error:
        return _failed(f"the stack's outputs cannot be used: {error}", 2)
    except LookalikeError as error:
        return _failed(f"AWS: {error}", 4)
    return 0


def _failed(message: str, code: int) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - a command
    return code


if __name__ == "__main__":
    sys.exit(main())
