import logging
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import yaml
from moto.server import ThreadedMotoServer

from infra.config import PROJECT
from infra.rehearsal.clients import Clients
from infra.rehearsal.making import creators
from infra.rehearsal.plan import Plan
from infra.rehearsal.program import run_program
from infra.rehearsal.registry import Authoriser, EventSourceMapping, FunctionSpec, QueueSpec, Registry, RouteSpec
from infra.rehearsal.stage import Stage

_LOOPBACK: Final = "127.0.0.1"
_STACK_FILE: Final = Path(__file__).resolve().parents[2] / "Pulumi.rehearsal.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A cloud that stands: moto at `endpoint_url` holds the buckets, queues and tables, the rest is specified here.

    `outputs` are the stack's exports; `plan` has every resource with its inputs, for those who look closer.
    """

    endpoint_url: str
    region: str
    account: str
    outputs: Mapping[str, Any]
    functions: Mapping[str, FunctionSpec]
    mappings: tuple[EventSourceMapping, ...]
    queues: Mapping[str, QueueSpec]
    routes: tuple[RouteSpec, ...]
    authoriser: Authoriser
    plan: Plan
    clients: Clients


@contextmanager
def rehearse_infra(overrides: Mapping[str, Any] | None = None) -> Iterator[Rehearsed]:
    """Run the Pulumi program against an emulator that lives as long as this context.

    `overrides` change keys of the rehearsal's stack, without their namespace: ``{"triton_endpoint": "127.0.0.1:8001"}``.
    moto keeps its state by process, so there is one rehearsal a process at a time; it starts empty. Raises
    `RehearsalError` for what AWS would refuse, `pulumi.RunError` for configuration that cannot be used.
    """
    config = rehearsal_config(overrides)
    with _moto() as endpoint_url:
        with closing(Clients.at(endpoint_url, config["aws:region"])) as clients:
            plan = run_program(stage_in(clients), config)
            yield _rehearsed(endpoint_url, clients, plan)


def rehearsal_config(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The rehearsal's stack with these keys changed, as Pulumi keeps configuration: ``namespace:name``."""
    stack: dict[str, Any] = yaml.safe_load(_STACK_FILE.read_text())["config"]
    return {**stack, **{f"{PROJECT}:{name}": value for name, value in (overrides or {}).items()}}


def stage_in(clients: Clients) -> Stage:
    """A stage that makes resources where `clients` reach."""
    answers = {
        "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": clients.account, "id": clients.account},
        "aws:index/getRegion:getRegion": {"region": clients.region, "id": clients.region},
    }
    return Stage(creators(clients).get, answers)


def _rehearsed(endpoint_url: str, clients: Clients, plan: Plan) -> Rehearsed:
    registry = Registry(plan)
    return Rehearsed(
        endpoint_url=endpoint_url,
        region=clients.region,
        account=clients.account,
        outputs=dict(plan.outputs),
        functions={function.name: function for function in registry.functions},
        mappings=registry.mappings,
        queues={queue.name: queue for queue in registry.queues},
        routes=registry.routes,
        authoriser=registry.authoriser,
        plan=plan,
        clients=clients,
    )


@contextmanager
def _moto() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else it tells of every request
    server = ThreadedMotoServer(ip_address=_LOOPBACK, port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    try:
        _forget(port)
        yield f"http://{_LOOPBACK}:{port}"
    finally:
        server.stop()


def _forget(port: int) -> None:
    # moto's state is the process's, not the server's: an earlier rehearsal's may be there still.
    connection = HTTPConnection(_LOOPBACK, port)
    with closing(connection):
        connection.request("POST", "/moto-api/reset")
        connection.getresponse().read()
