"""Small programs of the parts that functions, queues and the API need, and what they come to."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pulumi_aws as aws

from infra.components.alarms import Alarms
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.lambda_function import LambdaFunction, LambdaFunctionArgs
from infra.components.network import Network, NetworkArgs
from infra.components.search_api import SearchApi, SearchApiArgs
from infra.components.throttle import Throttle
from infra.components.work_queue import WorkQueue, WorkQueueArgs
from infra.config import ConsumerConfig
from infra.rehearsal.plan import Plan, Resource
from infra.rehearsal.preview import preview
from infra.rehearsal.sketch import sketch
from lookalike.contract.routes import ROUTES

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-west-1"
TOPIC: Final = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
_CONFIG: Final = {"aws:region": REGION}


def sketched(program: Callable[[], None]) -> Plan:
    """What `program` comes to, every attribute known."""
    return sketch(_CONFIG, stack="small", program=program)


def shown_in_preview(program: Callable[[], None]) -> bool:
    """Whether a first preview, which knows no id and no ARN, shows every resource: what an `apply` makes, it cannot."""
    return named(preview(_CONFIG, stack="small", program=program)) == named(sketched(program))


def named(plan: Plan) -> set[tuple[str, str]]:
    return {(resource.type, resource.name) for resource in plan.resources.values()}


def the(plan: Plan, kind: str) -> Resource:
    """The only one of its type."""
    (found,) = plan.of(kind)
    return found


def alarms_of(plan: Plan) -> Iterator[Resource]:
    yield from plan.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    yield from plan.of("aws:cloudwatch/compositeAlarm:CompositeAlarm")


def a_key() -> DataKey:
    return DataKey("data", DataKeyArgs(account=ACCOUNT, region=REGION, protect=False))


def a_network(key: DataKey) -> Network:
    args = NetworkArgs(cidr="10.0.0.0/16", zones=2, nat=False, key=key, flow_log_retention_days=30)
    return Network("net", args)


def a_function(key: DataKey, name: str = "f", **changes: Any) -> LambdaFunction:
    given: dict[str, Any] = {
        "handler": "f.handler",
        "package": "f.zip",
        "size": ConsumerConfig(),
        "environment": {"WHERE": "here"},
        "key": key,
        "log_retention_days": 30,
        "alarms": Alarms(TOPIC),
    }
    return LambdaFunction(name, LambdaFunctionArgs(**(given | changes)))


def a_queue(key: DataKey, name: str = "q", *, fed_by: aws.s3.Bucket | None = None, protect: bool = False) -> WorkQueue:
    args = WorkQueueArgs(
        account=ACCOUNT,
        key=key,
        visibility_s=ConsumerConfig().visibility_s,
        max_receives=5,
        age_alarm_s=600,
        alarms=Alarms(TOPIC),
        protect=protect,
        fed_by=fed_by,
    )
    return WorkQueue(name, args)


def an_api(key: DataKey, function: LambdaFunction, **changes: Any) -> SearchApi:
    given: dict[str, Any] = {
        "routes": ROUTES,
        "owners": {route.name: function for route in ROUTES},
        "issuer": "https://login.shop.example/",
        "audiences": ("lookalike",),
        "origins": ("https://www.shop.example",),
        "throttle": Throttle(rate=100.0, burst=200),
        "route_throttles": {"requestUpload": Throttle(rate=10.0, burst=20)},
        "key": key,
        "log_retention_days": 30,
        "alarms": Alarms(TOPIC),
    }
    return SearchApi("api", SearchApiArgs(**(given | changes)))
