"""Dead letters on moto: what is looked at is still there, what is sent back is gone from here, and nothing is lost."""

from itertools import count

import pytest

from lookalike.adapters.aws.dead_letters import SqsDeadLetters
from lookalike.errors import UnavailableError
from tests.contract.aws_adapters import EmulatedAws

_numbers = count(1)
Queues = tuple[EmulatedAws, str, str]


@pytest.fixture
def queues(aws: EmulatedAws) -> Queues:
    """An emulated SQS, a dead-letter queue and the queue that its letters came from."""
    return aws, aws.queue(), aws.queue()


def letters_of(queues: Queues) -> SqsDeadLetters:
    aws, dead, source = queues
    return SqsDeadLetters(aws.sqs, url=dead, source_url=source)


def send(queues: Queues, *bodies: str) -> None:
    aws, dead, _ = queues
    for body in bodies:
        aws.sqs.send_message(
            QueueUrl=dead, MessageBody=body, MessageAttributes={"from": {"DataType": "String", "StringValue": "test"}}
        )


def waiting(queues: Queues, url: str) -> list[str]:
    aws, *_ = queues
    found: list[str] = []
    while messages := aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages"
    ):
        assert all(message["MessageAttributes"]["from"]["StringValue"] == "test" for message in messages)
        found += [message["Body"] for message in messages]
    return sorted(found)


def test_letters_that_were_looked_at_are_still_there(queues: Queues) -> None:
    send(queues, *(f"letter {n}" for n in range(23)))
    letters = letters_of(queues)
    for _ in range(2):
        taken = letters.take_many(100)
        assert len(taken) == 23
        letters.put_back(taken)
    assert len(waiting(queues, queues[1])) == 23


def test_letters_in_hand_are_hidden_from_others(queues: Queues) -> None:
    send(queues, "one")
    assert len(letters_of(queues).take_many(10)) == 1
    assert letters_of(queues).take_many(10) == []


def test_no_more_are_taken_than_asked_for(queues: Queues) -> None:
    send(queues, *(f"letter {n}" for n in range(15)))
    assert len(letters_of(queues).take_many(12)) == 12


def test_letters_go_back_whole_to_where_they_came_from(queues: Queues) -> None:
    bodies = sorted(f"letter {n}" for n in range(23))
    send(queues, *bodies)
    letters = letters_of(queues)
    assert letters.send_back(letters.take_many(100)) == 23
    assert waiting(queues, queues[2]) == bodies
    assert waiting(queues, queues[1]) == []


def test_sending_back_none_does_nothing(queues: Queues) -> None:
    letters = letters_of(queues)
    assert letters.send_back([]) == 0
    letters.put_back([])


def test_a_letter_stays_until_the_queue_it_came_from_has_it(queues: Queues) -> None:
    aws, dead, _ = queues
    send(queues, "one")
    nowhere = SqsDeadLetters(aws.sqs, url=dead, source_url=f"{dead}-that-is-not-there")
    taken = nowhere.take_many(10)
    with pytest.raises(UnavailableError):
        nowhere.send_back(taken)
    nowhere.put_back(taken)
    assert waiting(queues, dead) == ["one"]
