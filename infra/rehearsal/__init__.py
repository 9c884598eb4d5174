"""The Pulumi program run for real on one machine, without Pulumi's engine and without an account.

`rehearse_infra` runs `infra/__main__.py` in this process under Pulumi's mocks. What moto can be (buckets, queues,
tables, keys, roles) is made there with boto3; functions, event-source mappings and the HTTP API are recorded as typed
specifications for whoever runs them. What AWS would refuse for its order or its permissions is refused here too, and a
type of resource that nobody has thought about fails the run.
"""

from infra.rehearsal.registry import (
    Authoriser,
    EventSourceMapping,
    FunctionSpec,
    QueueSpec,
    RoleSpec,
    RouteSpec,
)
from infra.rehearsal.rehearse import Rehearsed, rehearsal_config, rehearse_infra

__all__ = [
    "Authoriser",
    "EventSourceMapping",
    "FunctionSpec",
    "QueueSpec",
    "Rehearsed",
    "RoleSpec",
    "RouteSpec",
    "rehearsal_config",
    "rehearse_infra",
]
