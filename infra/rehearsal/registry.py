"""What the rehearsal hands to those who run functions, serve the API and check the queues; read from the plan."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.rehearsal.plan import Plan, Resource
from infra.rehearsal.policy import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpec:
    """A role and the policy documents that it was granted, by the grant's logical name."""

    name: str
    arn: str
    policies: Mapping[str, Mapping[str, Any]]

    @property
    def statements(self) -> list[Mapping[str, Any]]:
        """All statements of all policies."""
        return [statement for policy in self.policies.values() for statement in policy["Statement"]]

    @property
    def actions(self) -> frozenset[str]:
        """Everything it may call, on whatever resource."""
        return frozenset(action for statement in self.statements for action in listed(statement["Action"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """A function: `name` is the program's (``prepare``), `physical_name` the account's; seconds and MiB."""

    name: str
    physical_name: str
    arn: str
    handler: str
    runtime: str
    environment: Mapping[str, str]
    timeout_s: int
    memory_mb: int
    reserved_concurrency: int | None
    role: RoleSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSpec:
    """A queue; `dead_letter_url` and `max_receives` are None for one whose letters are dead already."""

    name: str
    url: str
    arn: str
    visibility_s: int
    retention_s: int
    dead_letter_url: str | None
    max_receives: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSourceMapping:
    """`function` runs for batches of `queue`'s messages."""

    function: FunctionSpec
    queue: QueueSpec
    batch_size: int
    window_s: int
    max_concurrency: int | None
    reports_item_failures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Authoriser:
    """Which tokens the API accepts."""

    issuer: str
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSpec:
    """A route of the API, e.g. ``GET`` ``/v1/items/{id}``; `authoriser` is None where anybody may call."""

    name: str
    method: str
    path: str
    function: FunctionSpec
    authoriser: Authoriser | None


class Registry:
    """Everything above, by one reading of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.queues = tuple(self._queue(queue) for queue in plan.of("aws:sqs/queue:Queue"))
        self.functions = tuple(self._function(f) for f in plan.of("aws:lambda/function:Function"))
        mappings = plan.of("aws:lambda/eventSourceMapping:EventSourceMapping")
        self.mappings = tuple(self._mapping(mapping) for mapping in mappings)
        self._authorisers = {a.id: _authoriser(a) for a in plan.of("aws:apigatewayv2/authorizer:Authorizer")}
        (self.authoriser,) = self._authorisers.values()
        self.routes = tuple(self._route(route) for route in plan.of("aws:apigatewayv2/route:Route"))

    def _queue(self, queue: Resource) -> QueueSpec:
        redrive = json.loads(queue.inputs.get("redrivePolicy", "{}"))
        urls = {q.attributes["arn"]: q.attributes["url"] for q in self._plan.of(queue.type)}
        return QueueSpec(
            name=queue.name,
            url=queue.attributes["url"],
            arn=queue.attributes["arn"],
            visibility_s=queue.inputs["visibilityTimeoutSeconds"],
            retention_s=queue.inputs["messageRetentionSeconds"],
            dead_letter_url=urls[redrive["deadLetterTargetArn"]] if redrive else None,
            max_receives=redrive["maxReceiveCount"] if redrive else None,
        )

    def _function(self, function: Resource) -> FunctionSpec:
        said = function.inputs
        reserved = said["reservedConcurrentExecutions"]
        return FunctionSpec(
            name=function.name,
            physical_name=function.attributes["name"],
            arn=function.attributes["arn"],
            handler=said["handler"],
            runtime=said["runtime"],
            environment=dict(said["environment"]["variables"]),
            timeout_s=said["timeout"],
            memory_mb=said["memorySize"],
            reserved_concurrency=None if reserved < 0 else reserved,
            role=self._role(said["role"]),
        )

    def _role(self, arn: str) -> RoleSpec:
        role = next(role for role in self._plan.of("aws:iam/role:Role") if role.attributes["arn"] == arn)
        name = role.attributes["name"]
        grants = [p for p in self._plan.of("aws:iam/rolePolicy:RolePolicy") if p.inputs["role"] == name]
        policies = {grant.name: json.loads(grant.inputs["policy"]) for grant in grants}
        return RoleSpec(name=name, arn=arn, policies=policies)

    def _mapping(self, mapping: Resource) -> EventSourceMapping:
        said = mapping.inputs
        concurrency = said.get("scalingConfig", {}).get("maximumConcurrency")
        return EventSourceMapping(
            function=next(f for f in self.functions if _is_of(said["functionName"], f.arn)),
            queue=next(q for q in self.queues if q.arn == said["eventSourceArn"]),
            batch_size=said["batchSize"],
            window_s=said["maximumBatchingWindowInSeconds"],
            max_concurrency=concurrency,
            reports_item_failures="ReportBatchItemFailures" in said.get("functionResponseTypes", []),
        )

    def _route(self, route: Resource) -> RouteSpec:
        method, _, path = route.inputs["routeKey"].partition(" ")
        target = route.inputs["target"].removeprefix("integrations/")
        kind = "aws:apigatewayv2/integration:Integration"
        checked = route.inputs["authorizationType"] == "JWT"  # an authoriser alone does nothing
        integration = next(i for i in self._plan.of(kind) if i.id == target)
        return RouteSpec(
            name=route.inputs["operationName"],
            method=method,
            path=path,
            function=next(f for f in self.functions if f"{f.arn}:" in integration.inputs["integrationUri"]),
            authoriser=self._authorisers[route.inputs["authorizerId"]] if checked else None,
        )


def _is_of(alias: str, function: str) -> bool:
    return alias.rpartition(":")[0] == function


def _authoriser(authoriser: Resource) -> Authoriser:
    said = authoriser.inputs["jwtConfiguration"]
    return Authoriser(issuer=said["issuer"], audiences=tuple(said["audiences"]))
