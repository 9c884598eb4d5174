import json
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, Final

from werkzeug.wrappers import Request, Response

from infra.rehearsal.registry import FunctionSpec
from infra.rehearsal.runner.listener import listening

ROOT: Final = Path(__file__).resolve().parents[3]
_API: Final = "/2018-06-01/runtime"
_INIT_SECONDS: Final = 120.0
"""Lambda gives a function 10 s to be loaded, on a machine of its own."""


class FunctionError(Exception):
    """A run that did not end well: `kind` is Lambda's word (``Sandbox.Timedout``, ``Runtime.ExitError``, a class)."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@dataclass(slots=True)
class _Run:
    event: bytes
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    begun: Event = field(default_factory=Event)
    answer: "Future[bytes]" = field(default_factory=Future)

    def fail(self, kind: str, message: str) -> None:
        with suppress(InvalidStateError):  # whoever was first has told already
            self.answer.set_exception(FunctionError(kind, message))
        self.begun.set()


class Sandbox:
    """One process of a function, for one run at a time, behind a Runtime API of its own.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
    After a `FunctionError` that `is_over` goes with, it cannot be used again.
    """

    def __init__(self, spec: FunctionSpec, environment: Mapping[str, str], log: Path) -> None:
        """`environment` is all that the process gets besides its own address; it writes into `log`."""
        self._spec = spec
        self._runs: SimpleQueue[_Run] = SimpleQueue()
        self._run: _Run | None = None
        self._open = ExitStack()
        address = self._open.enter_context(listening(Request.application(self._serve), f"runtime of {spec.name}"))
        output = self._open.enter_context(log.open("ab"))
        self._process = subprocess.Popen(  # noqa: S603 - the project's own functions
            [sys.executable, "-m", "awslambdaric", spec.handler],
            cwd=ROOT,
            env={**environment, "AWS_LAMBDA_RUNTIME_API": address},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        Thread(target=self._watch, name=f"watch {spec.name}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def invoke(self, event: Any) -> Any:
        """The handler's answer. Raises `FunctionError`; a run beyond the function's time is killed."""
        run = self._run = _Run(json.dumps(event).encode())
        if self.is_over:
            run.fail("Runtime.ExitError", f"{self._spec.name} has exited")
        self._runs.put(run)
        if not run.begun.wait(_INIT_SECONDS):
            self.close()
            raise FunctionError("Sandbox.Timedout", f"{self._spec.name} was not loaded within {_INIT_SECONDS:g} s")
        try:
            return json.loads(run.answer.result(self._spec.timeout_s))
        except TimeoutError:
            self.close()
            raise FunctionError(
                "Sandbox.Timedout", f"{self._spec.name} timed out after {self._spec.timeout_s} s"
            ) from None
        finally:
            self._run = None

    def close(self) -> None:
        """Kill the process and let go."""
        self._process.kill()
        self._process.wait()
        self._open.close()

    def _watch(self) -> None:
        status = self._process.wait()
        if self._run is not None:
            self._run.fail("Runtime.ExitError", f"{self._spec.name} exited with {status}")

    def _serve(self, request: Request) -> Response:
        path = request.path.removeprefix(_API)
        if path == "/invocation/next":
            return self._next()
        run, body = self._run, request.get_data()
        if path == "/init/error" and run is not None:
            run.fail(*_told(body))
        elif run is None or path.split("/")[2:3] != [run.id]:
            return Response("there is no such invocation", 400)
        elif path.endswith("/response"):
            with suppress(InvalidStateError):
                run.answer.set_result(body)
        else:
            run.fail(*_told(body))
        return Response("{}", 202)

    def _next(self) -> Response:
        run = self._runs.get()
        run.begun.set()
        deadline = time.time() + self._spec.timeout_s
        headers = {
            "Lambda-Runtime-Aws-Request-Id": run.id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._spec.arn,
            # The native client crashes without one.
            "Lambda-Runtime-Trace-Id": _trace(),
        }
        return Response(run.event, 200, headers, content_type="application/json")


def _trace() -> str:
    # https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=1"


def _told(body: bytes) -> tuple[str, str]:
    told = json.loads(body or b"{}")
    return str(told.get("errorType", "Error")), str(told.get("errorMessage", ""))
