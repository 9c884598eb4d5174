"""A second cloud before the same servers, with relays on its lines: every step of a function can be seen and met."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, Final

import grpc
import httpx
from werkzeug.wrappers import Request, Response

from infra.environment import Variable
from infra.rehearsal.runner import run_cloud
from infra.rehearsal.runner.gate import AwsCall
from infra.rehearsal.runner.listener import listening
from tests.rehearsal.shop import PATIENCE_S
from tests.rehearsal.whole import ONE_MACHINE, Rehearsal

_LONGEST_MESSAGE: Final = 64 << 20  # as Triton's clients have it
_CHANNEL: Final = (
    ("grpc.max_send_message_length", _LONGEST_MESSAGE),
    ("grpc.max_receive_message_length", _LONGEST_MESSAGE),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
_READS: Final = ("_search", "_msearch", "_mget", "_count", "_refresh")
_HOP: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})

QUICK: Final[Mapping[str, Mapping[str, int]]] = {
    name: {**ONE_MACHINE[name], "batch_window_s": 0, "batch_size": 10} for name in ("prepare", "embed")
}
"""One machine whose queues do not wait for batches to fill, for tests that bring in a photo at a time."""

Hook = Callable[[str], None]


@dataclass(slots=True)
class Wire:
    """Meets the steps of one function, each by a name like ``sqs:SendMessageBatch`` or ``triton:ModelInfer``.

    A step is any call of AWS, a change of OpenSearch, or an inference of Triton. `before` is called when OpenSearch or
    Triton is asked for one, `after` when one is done and its answer has not gone out yet.
    """

    function: str = ""
    before: Hook = field(default=lambda _: None)
    after: Hook = field(default=lambda _: None)

    @contextmanager
    def watched(self, function: str, *, before: Hook | None = None, after: Hook | None = None) -> Iterator[None]:
        """Have these called for the steps of `function`; searches must not run meanwhile."""
        kept = (self.function, self.before, self.after)
        self.function, self.before, self.after = function, before or self.before, after or self.after
        try:
            yield
        finally:
            self.function, self.before, self.after = kept

    def aws(self, call: AwsCall) -> None:
        """A call of AWS is done."""
        if call.function == self.function:
            self.after(call.action)

    def asked(self, step: str) -> None:
        """OpenSearch or Triton is about to be asked for it; `embed` alone does."""
        if self.function == "embed":
            self.before(step)

    def done(self, step: str) -> None:
        """OpenSearch or Triton has done it."""
        if self.function == "embed":
            self.after(step)


@dataclass(frozen=True, slots=True)
class Wired:
    """The second cloud, and its lines."""

    whole: Rehearsal
    wire: Wire


@contextmanager
def wired(
    whole: Rehearsal, *, overrides: Mapping[str, Any] = ONE_MACHINE, lease_s: int | None = None, **how: Any
) -> Iterator[Wired]:
    """A cloud of its own before the Triton and the OpenSearch of `whole`, until this ends; one process a function.

    A photo whose process was killed is free again after `lease_s`, sooner than the longest run would have it. `how`
    goes to `run_cloud`.
    """
    wire = Wire()
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(base_url=whole.opensearch.url, timeout=30))
        opensearch = stack.enter_context(listening(_http_relay(http, wire), "relay to OpenSearch"))
        triton = stack.enter_context(_triton_relay(whole.triton.grpc, wire))
        ends = {"triton": triton, "opensearch": f"http://{opensearch}"}
        told = {"embed": {Variable.LONGEST_RUN_S: str(lease_s)}} if lease_s else {}
        cloud = stack.enter_context(run_cloud(**ends, overrides=overrides, told=told, most_sandboxes=1, **how))
        cloud.gate.after = wire.aws
        yield Wired(replace(whole, cloud=cloud), wire)


def until(come_true: Callable[[], bool]) -> None:
    """Wait for it, within a shop's patience."""
    deadline = time.monotonic() + PATIENCE_S
    while not come_true():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s"
        time.sleep(0.1)


@contextmanager
def held(whole: Rehearsal, function: str) -> Iterator[list[AwsCall]]:
    """No run of `function` gets an answer to its first call of AWS until this ends; yields the calls that wait."""
    go, waiting = Event(), list[AwsCall]()
    before = whole.cloud.gate.after

    def wait(call: AwsCall) -> None:
        before(call)
        if call.function == function:
            waiting.append(call)
            go.wait(PATIENCE_S)

    whole.cloud.gate.after = wait
    try:
        yield waiting
    finally:
        whole.cloud.gate.after = before
        go.set()


def _http_relay(upstream: httpx.Client, wire: Wire) -> Any:
    @Request.application
    def relay(request: Request) -> Response:
        step = f"opensearch:{request.method} {request.path}"
        changes = request.method not in {"GET", "HEAD"} and not request.path.endswith(_READS)
        if changes:
            wire.asked(step)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        try:
            answer = upstream.request(request.method, request.full_path, content=request.get_data(), headers=headers)
        except httpx.TransportError:
            return Response(status=502)  # as AWS's own proxy before a domain has it
        if changes:
            wire.done(step)
        return Response(answer.content, answer.status_code, content_type=answer.headers.get("content-type"))

    return relay


@contextmanager
def _triton_relay(upstream: str, wire: Wire) -> Iterator[str]:
    with ExitStack() as stack:
        channel = stack.enter_context(grpc.insecure_channel(upstream, options=_CHANNEL))
        threads = stack.enter_context(ThreadPoolExecutor(8, "relay to Triton"))
        server = grpc.server(threads, [_TritonRelay(channel, wire)], options=_CHANNEL)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        stack.callback(lambda: server.stop(grace=None).wait())
        yield f"127.0.0.1:{port}"


class _TritonRelay(grpc.GenericRpcHandler):
    """Passes every call on as the bytes it is; an inference counts as a step."""

    def __init__(self, channel: grpc.Channel, wire: Wire) -> None:
        self._channel, self._wire = channel, wire

    def service(self, asked: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        step = f"triton:{asked.method.rpartition('/')[2]}"
        infers = step == "triton:ModelInfer"
        call = self._channel.unary_unary(asked.method)

        def forward(request: bytes, context: grpc.ServicerContext) -> bytes:
            if infers:
                self._wire.asked(step)
            try:
                answer = call(request, timeout=context.time_remaining())
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            if infers:
                self._wire.done(step)
            return answer

        return grpc.unary_unary_rpc_method_handler(forward)
