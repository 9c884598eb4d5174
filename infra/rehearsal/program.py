import asyncio
import json
import logging
import runpy
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, cast

import pulumi.runtime
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import SETTINGS, set_root_resource
from pulumi.runtime.stack import run_in_stack

from infra.config import PROJECT
from infra.rehearsal.monitor import RecordingMonitor
from infra.rehearsal.plan import Plan
from infra.rehearsal.stage import Stage

log = logging.getLogger(__name__)


def the_program() -> None:
    """Run `infra/__main__.py`, as `pulumi up` does."""
    runpy.run_module("infra", run_name="__main__")


def run_program(
    stage: Stage,
    config: Mapping[str, Any],
    *,
    stack: str,
    preview: bool = False,
    program: Callable[[], None] = the_program,
) -> Plan:
    """Run `program` on `stage` with this configuration, keyed ``namespace:name``; the plan it came to.

    In a preview, attributes that `stage` does not give are unknown, as they are before anything exists. Raises what
    the program or the stage raises.
    """

    async def run() -> None:
        set_all_config({key: _written(value) for key, value in config.items()})
        monitor = RecordingMonitor(stage)
        pulumi.runtime.set_mocks(stage, project=PROJECT, stack=stack, preview=preview, monitor=monitor)
        SETTINGS.outputs.clear()  # of a run that failed, whose loop is closed
        set_root_resource(
            cast("Any", None)
        )  # the mocks' stack is closed already; exports and transformations need an open one
        async with _one_caller():
            await run_in_stack(program)

    # In a thread of its own, for Pulumi keeps settings and an event loop by context.
    with ThreadPoolExecutor(1, "pulumi") as pool:
        pool.submit(lambda: asyncio.run(run())).result()
    return stage.plan


@asynccontextmanager
async def _one_caller() -> AsyncIterator[None]:
    # Pulumi calls its monitor from the loop's executor, where the mock monitor makes an event loop a thread and leaves
    # it open. One thread, whose loop is closed, also makes resources one after the other, in one order.
    loop = asyncio.get_running_loop()
    # The first error is raised; that others wait for the resource that failed need not be told of each.
    loop.set_exception_handler(lambda _, what: log.debug("%s", what))
    loop.set_default_executor(
        ThreadPoolExecutor(1, "resources", lambda: asyncio.set_event_loop(asyncio.new_event_loop()))
    )
    try:
        yield
    finally:
        await loop.run_in_executor(None, lambda: asyncio.get_event_loop().close())


def _written(value: Any) -> str:
    # As the engine hands configuration over: strings as they are, all else as JSON.
    return value if isinstance(value, str) else json.dumps(value)
