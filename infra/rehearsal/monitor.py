from typing import Any

from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.sync_await import _ensure_event_loop  # the SDK's own mock monitor needs it as well

from infra.rehearsal.plan import Declared
from infra.rehearsal.stage import Stage

_STACK = "pulumi:pulumi:Stack"


class RecordingMonitor(MockMonitor):
    """Pulumi's mock monitor, which also tells the stage what mocks are not told: dependencies, parents, protection.

    The SDK ships its mock monitor without types, hence the ignores.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._stage = stage

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is gRPC's
        """Announce the resource before the mock makes it."""
        if request.type != _STACK:
            self._stage.announce(self._declared(request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name is gRPC's
        """Keep what the stack exports."""
        if f"::{_STACK}::" in request.urn:
            _ensure_event_loop()  # type: ignore[no-untyped-call]
            self._stage.plan.outputs.update(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def _declared(self, request: Any) -> Declared:
        _ensure_event_loop()  # type: ignore[no-untyped-call]
        return Declared(
            urn=self.make_urn(request.parent, request.type, request.name),
            type=request.type,
            name=request.name,
            parent=request.parent,
            inputs=_whole(rpc.deserialize_properties(request.object)),
            dependencies=frozenset(request.dependencies),
            protect=request.protect,
            uses={name: frozenset(of.urns) for name, of in request.propertyDependencies.items() if of.urns},
            region=self._stage.plan.region_of(request.provider),
        )


def _whole(value: Any) -> Any:
    # On the wire every number is a float; AWS's calls want their integers back.
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
