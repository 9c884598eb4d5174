import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import Any

from infra.rehearsal.registry import FunctionSpec
from infra.rehearsal.runner.sandbox import ROOT, Sandbox


class Function:
    """A function with up to `most` sandboxes; more runs at once than that wait, as this is one machine."""

    def __init__(self, spec: FunctionSpec, where: Mapping[str, str], logs: Path, most: int) -> None:
        """`where` tells the function what AWS would be: the endpoint, the region. Logs go to a file a sandbox."""
        self.spec = spec
        self._environment = environment(spec, where)
        self._logs = logs
        self._most = min(most, spec.reserved_concurrency or most)
        self._idle: list[Sandbox] = []
        self._all: list[Sandbox] = []
        self._changed = Condition()
        self.cold_starts = 0
        self.runs = 0

    def invoke(self, event: Any) -> Any:
        """Run it once. Raises `FunctionError`."""
        with self._taken() as sandbox:
            self.runs += 1
            return sandbox.invoke(event)

    def pids(self) -> list[int]:
        """The processes that run now, for those who want to kill one."""
        with self._changed:
            return [sandbox.pid for sandbox in self._all if not sandbox.is_over]

    def log(self) -> str:
        """Everything that its sandboxes have written."""
        files = sorted(self._logs.glob(f"{self.spec.name}-*.log"))
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    def close(self) -> None:
        """Kill every sandbox."""
        with self._changed:
            sandboxes, self._all, self._idle = self._all, [], []
        for sandbox in sandboxes:
            sandbox.close()

    @contextmanager
    def _taken(self) -> Iterator[Sandbox]:
        sandbox = self._take()
        try:
            yield sandbox
        finally:
            with self._changed:
                if sandbox.is_over and sandbox in self._all:
                    self._all.remove(sandbox)
                    sandbox.close()
                elif sandbox in self._all:
                    self._idle.append(sandbox)
                self._changed.notify()

    def _take(self) -> Sandbox:
        with self._changed:
            self._changed.wait_for(lambda: self._idle or len(self._all) < self._most)
            while self._idle:
                sandbox = self._idle.pop()  # the last used is the warmest
                if not sandbox.is_over:
                    return sandbox
                self._all.remove(sandbox)
                sandbox.close()
            self.cold_starts += 1
            log = self._logs / f"{self.spec.name}-{self.cold_starts}.log"
            sandbox = Sandbox(self.spec, self._environment, log)
            self._all.append(sandbox)
            return sandbox


def environment(spec: FunctionSpec, where: Mapping[str, str]) -> dict[str, str]:
    """All that the process is told: what the program declares, and what Lambda sets for every function.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.physical_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.physical_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "rehearsal",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LAMBDA_TASK_ROOT": str(ROOT),
        "LANG": "en_US.UTF-8",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
        "TZ": ":UTC",
    }
    return {**reserved, **where, **spec.environment}
