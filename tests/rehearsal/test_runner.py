"""Functions are run as AWS runs them."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from infra.rehearsal.registry import EventSourceMapping, FunctionSpec, QueueSpec, RoleSpec
from infra.rehearsal.runner.function import Function
from infra.rehearsal.runner.mapping import MappingRunner
from infra.rehearsal.runner.sandbox import FunctionError

ROLE = RoleSpec(name="role", arn="arn:aws:iam::123456789012:role/role", policies={})
Make = Callable[..., Function]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A function of `tests.rehearsal.handlers`."""
    with ExitStack() as stack:

        def made(name: str, *, timeout_s: int = 20, most: int = 1, **environment: str) -> Function:
            spec = FunctionSpec(
                name=name,
                physical_name=f"{name}-1a2b3c",
                arn=f"arn:aws:lambda:eu-central-1:123456789012:function:{name}",
                handler=f"tests.rehearsal.handlers.{name}",
                runtime="python3.12",
                environment=environment,
                timeout_s=timeout_s,
                memory_mb=128,
                reserved_concurrency=None,
                role=ROLE,
            )
            function = Function(spec, {"AWS_REGION": "eu-central-1"}, tmp_path, most)
            stack.callback(function.close)
            return function

        yield made


def test_a_function_gets_what_is_declared_and_nothing_of_ours(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_THIS_PROCESS", "1")
    told = make("echo", DECLARED="yes").invoke({"a": "ü"})
    assert told["event"] == {"a": "ü"}
    assert told["environment"]["DECLARED"] == "yes"
    assert told["environment"]["AWS_LAMBDA_FUNCTION_NAME"] == "echo-1a2b3c"
    assert not {"A_SECRET_OF_THIS_PROCESS", "HOME", "PYTHONPATH", "VIRTUAL_ENV"} & set(told["environment"])
    assert 0 < told["left_ms"] <= 20_000
    assert told["arn"].endswith(":echo")


def test_a_warm_process_is_used_again(make: Make) -> None:
    function = make("echo")
    assert function.invoke({})["pid"] == function.invoke({})["pid"]
    assert (function.cold_starts, function.runs) == (1, 2)


def test_an_error_is_told_and_leaves_the_process(make: Make) -> None:
    function = make("fail")
    for _ in range(2):
        with pytest.raises(FunctionError, match="ValueError: no reason"):
            function.invoke({"why": "no reason"})
    assert function.cold_starts == 1


def test_a_run_beyond_its_time_is_killed(make: Make) -> None:
    function = make("sleep", timeout_s=1)
    with pytest.raises(FunctionError, match=r"Sandbox\.Timedout: .* after 1 s"):
        function.invoke({"seconds": 30})
    assert function.pids() == []
    assert function.invoke({"seconds": 0}) is None
    assert function.cold_starts == 2


def test_a_crash_is_an_error_and_the_next_run_is_fresh(make: Make) -> None:
    function = make("crash")
    for starts in (1, 2):
        with pytest.raises(FunctionError, match=r"Runtime\.ExitError: .* exited with 9"):
            function.invoke({})
        assert function.cold_starts == starts


def test_a_killed_run_is_an_error(make: Make) -> None:
    function = make("sleep")
    function.invoke({"seconds": 0})
    killer = threading.Timer(0.3, lambda: [os.kill(pid, signal.SIGKILL) for pid in function.pids()])
    killer.start()
    with pytest.raises(FunctionError, match=r"Runtime\.ExitError: .* exited with -9"):
        function.invoke({"seconds": 30})
    killer.join()


def test_what_cannot_be_loaded_is_an_error(make: Make) -> None:
    with pytest.raises(FunctionError, match=r"Runtime\.HandlerNotFound"):
        make("nothing_of_this_name").invoke({})


class FakeQueue:
    """SQS's answers to a mapping, from a list of messages."""

    def __init__(self, bodies: Sequence[str]) -> None:
        self.waiting = [
            {"MessageId": f"m{n}", "ReceiptHandle": f"r{n}", "Body": body, "MD5OfBody": "", "Attributes": {}}
            for n, body in enumerate(bodies)
        ]
        self.received: list[int] = []
        self.deleted: list[str] = []
        self.shown: list[tuple[str, int]] = []

    def receive_message(self, *, MaxNumberOfMessages: int, **_: Any) -> Mapping[str, Any]:  # noqa: N803 - SQS's name
        taken, self.waiting = self.waiting[:MaxNumberOfMessages], self.waiting[MaxNumberOfMessages:]
        self.received.append(len(taken))
        return {"Messages": taken} if taken else {}

    def delete_message_batch(self, *, Entries: Sequence[Mapping[str, str]], **_: Any) -> None:  # noqa: N803
        assert len(Entries) <= 10
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]

    def change_message_visibility(self, *, ReceiptHandle: str, VisibilityTimeout: int, **_: Any) -> None:  # noqa: N803
        self.shown.append((ReceiptHandle, VisibilityTimeout))


class FakeFunction:
    """Keeps the batches it was given, and how many came at once."""

    def __init__(self, answer: Callable[[Any], Any], seconds: float = 0.0) -> None:
        self.answer, self.seconds = answer, seconds
        self.batches: list[list[str]] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def invoke(self, event: Any) -> Any:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.batches.append([record["messageId"] for record in event["Records"]])
        time.sleep(self.seconds)
        with self.lock:
            self.at_once -= 1
        return self.answer(event)


def feed(
    queue: FakeQueue, function: Any, make: Make, *, batch_size: int = 10, window_s: int = 0, most: int = 2
) -> None:
    """Run a mapping until everything was settled."""
    spec = QueueSpec(
        name="work",
        url="http://queue",
        arn="arn:aws:sqs:eu-central-1:123456789012:work",
        visibility_s=120,
        retention_s=60,
        dead_letter_url=None,
        max_receives=5,
    )
    mapping = EventSourceMapping(
        function=make("echo").spec,
        queue=spec,
        batch_size=batch_size,
        window_s=window_s,
        max_concurrency=most,
        reports_item_failures=True,
    )
    expected = len(queue.waiting)
    runner = MappingRunner(mapping, function, queue, retry_after_s=7)  # type: ignore[arg-type]
    runner.start()
    deadline = time.monotonic() + 20
    while len(queue.deleted) + len(queue.shown) < expected:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    runner.stop()


def raising(_: Any) -> Any:
    raise FunctionError("Runtime.ExitError", "gone")


def failing(*ids: str) -> Callable[[Any], Any]:
    return lambda _: {"batchItemFailures": [{"itemIdentifier": name} for name in ids]}


def test_batches_are_no_larger_than_the_mapping_says(make: Make) -> None:
    queue, function = FakeQueue(["x"] * 25), FakeFunction(failing())
    feed(queue, function, make, batch_size=4)
    assert max(map(len, function.batches)) == 4
    assert sorted(chain(*function.batches)) == sorted(f"m{n}" for n in range(25))


def test_a_window_fills_batches_beyond_what_one_receive_gives(make: Make) -> None:
    queue, function = FakeQueue(["x"] * 25), FakeFunction(failing())
    feed(queue, function, make, batch_size=64, window_s=1)
    assert [len(batch) for batch in function.batches] == [25]
    assert max(queue.received) == 10


def test_no_more_runs_at_once_than_the_mapping_allows(make: Make) -> None:
    queue, function = FakeQueue(["x"] * 12), FakeFunction(failing(), seconds=0.2)
    feed(queue, function, make, batch_size=1, most=3)
    assert function.most_at_once == 3


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (failing(), set()),
        (failing("m1"), {"r1"}),
        (lambda _: None, set()),
        (lambda _: {}, set()),
        (lambda _: {"batchItemFailures": None}, set()),
        (failing(""), {"r0", "r1", "r2"}),
        (failing("another's"), {"r0", "r1", "r2"}),
        (lambda _: {"batchItemFailures": [{}]}, {"r0", "r1", "r2"}),
        (lambda _: "what", {"r0", "r1", "r2"}),
        (raising, {"r0", "r1", "r2"}),
    ],
)
def test_what_failed_comes_again_and_the_rest_does_not(
    make: Make, answer: Callable[[Any], Any], again: set[str]
) -> None:
    queue = FakeQueue(["x"] * 3)
    feed(queue, FakeFunction(answer), make)
    assert {handle for handle, seconds in queue.shown if seconds == 7} == again
    assert set(queue.deleted) == {"r0", "r1", "r2"} - again


def test_a_real_function_reports_through_the_runtime_api(make: Make) -> None:
    queue = FakeQueue(["x"] * 3)
    feed(queue, make("first_of_batch_fails"), make)
    assert ([handle for handle, _ in queue.shown], sorted(queue.deleted)) == (["r0"], ["r1", "r2"])
