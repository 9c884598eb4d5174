from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # its stubs would be one more dependency, for one call

from infra.config import PROJECT
from infra.config.read import merged
from infra.rehearsal.answers import answers_of
from infra.rehearsal.clients import Clients
from infra.rehearsal.emulator import emulator
from infra.rehearsal.making import creators
from infra.rehearsal.plan import Plan
from infra.rehearsal.program import run_program
from infra.rehearsal.registry import Authoriser, EventSourceMapping, FunctionSpec, QueueSpec, Registry, RouteSpec
from infra.rehearsal.stage import Stage

_numbers = count(1)
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

    `overrides` change keys of the rehearsal's stack, without their namespace: ``{"model_name": "embedder"}``. Names in
    the account differ from one rehearsal of a process to the next. Raises `RehearsalError` for what AWS would refuse,
    `pulumi.RunError` for configuration that cannot be used.
    """
    config = rehearsal_config(overrides)
    with emulator() as endpoint_url, closing(Clients.at(endpoint_url, config["aws:region"])) as clients:
        plan = run_program(stage_in(clients), config, stack=f"rehearsal-{next(_numbers)}")
        yield _rehearsed(endpoint_url, clients, plan)


def rehearsal_config(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The rehearsal's stack with these keys changed, as Pulumi keeps configuration: ``namespace:name``."""
    stack: dict[str, Any] = yaml.safe_load(_STACK_FILE.read_text())["config"]
    return merged(stack, {f"{PROJECT}:{name}": value for name, value in (overrides or {}).items()})


def stage_in(clients: Clients) -> Stage:
    """A stage that makes resources where `clients` reach."""
    return Stage(creators(clients).get, answers_of(clients.account), clients.region)


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
