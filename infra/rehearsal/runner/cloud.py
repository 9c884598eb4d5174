import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

from infra.rehearsal import Rehearsed, rehearse_infra
from infra.rehearsal.runner.front import Front
from infra.rehearsal.runner.function import Function
from infra.rehearsal.runner.gate import SECRET, Gate, access_key
from infra.rehearsal.runner.issuer import Issuer, issuing
from infra.rehearsal.runner.listener import Listener, listening
from infra.rehearsal.runner.mapping import MappingRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """A cloud that runs: its API answers at `url`, to tokens of `issuer`."""

    front: Listener
    issuer: Issuer
    rehearsed: Rehearsed
    functions: Mapping[str, Function]
    mappings: Mapping[str, MappingRunner]
    gate: Gate

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://{self.front.address}"


@contextmanager
def run_cloud(
    *,
    triton: str,
    opensearch: str,
    overrides: Mapping[str, Any] | None = None,
    told: Mapping[str, Mapping[str, str]] | None = None,
    most_sandboxes: int = 2,
    retry_after_s: int | None = None,
    port: int = 0,
) -> Iterator[Cloud]:
    """Run the program, then what it declares, until this ends.

    `triton` is host:port, `opensearch` a URL; `overrides` change other keys of the rehearsal's stack, `told` variables
    of functions by their names. A function has at most so many processes at once. `retry_after_s` shows messages that
    failed again sooner than AWS would.
    """
    with ExitStack() as stack:
        issuer = stack.enter_context(issuing())
        endpoints = {"triton": {"endpoint": triton}, "index": {"endpoint": opensearch}}
        config = {**(overrides or {}), **endpoints, "api": {"issuer": issuer.url, "audiences": [issuer.audience]}}
        rehearsed = stack.enter_context(rehearse_infra(config))
        roles = {spec.name: spec.role for spec in rehearsed.functions.values()}
        gate = Gate(roles, rehearsed.region, rehearsed.account)
        aws = stack.enter_context(listening(gate, "gate", handler=MotoRequestHandler))
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="functions-")))
        functions = {
            name: Function(
                replace(spec, environment={**spec.environment, **(told or {}).get(name, {})}),
                _where(name, aws, rehearsed),
                logs,
                most_sandboxes,
            )
            for name, spec in rehearsed.functions.items()
        }
        for function in functions.values():
            stack.callback(function.close)
        mappings = {
            mapping.queue.name: MappingRunner(
                mapping, functions[mapping.function.name], rehearsed.clients.sqs, retry_after_s
            )
            for mapping in rehearsed.mappings
        }
        for runner in mappings.values():
            runner.start()
            stack.callback(runner.stop)
        (api,) = rehearsed.plan.of("aws:apigatewayv2/api:Api")
        front = Listener(Front(rehearsed.routes, functions, api.inputs.get("corsConfiguration")), "front", port)
        stack.callback(front.stop)
        yield Cloud(
            front=front,
            issuer=issuer,
            rehearsed=rehearsed,
            functions=functions,
            mappings=mappings,
            gate=gate,
        )


def _where(function: str, aws: str, rehearsed: Rehearsed) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": access_key(function),
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": rehearsed.region,
        "AWS_DEFAULT_REGION": rehearsed.region,
        "AWS_ENDPOINT_URL": f"http://{aws}",
    }
