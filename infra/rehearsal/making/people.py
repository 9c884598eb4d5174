from collections.abc import Mapping
from typing import Any, Final

from infra.rehearsal.making.by_model import Call
from infra.rehearsal.making.names import physical_name
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.stage import Create, Created

_POOL: Final = Call(operation="CreateUserPool", id="UserPool.Id", attributes={"arn": "UserPool.Arn"})
_CLIENT: Final = Call(
    operation="CreateUserPoolClient",
    id="UserPoolClient.ClientId",
    attributes={"clientSecret": "UserPoolClient.ClientSecret"},
)


def creators(cognito: Any, account: str) -> Mapping[str, Create]:
    """Of user pools and of the machines that are known to them."""
    makers = _Pools(cognito, account)
    return {
        "aws:cognito/userPool:UserPool": makers.pool,
        "aws:cognito/userPoolClient:UserPoolClient": makers.client,
        "aws:cognito/resourceServer:ResourceServer": makers.server,
        "aws:cognito/userPoolDomain:UserPoolDomain": makers.domain,
    }


class _Pools:
    def __init__(self, cognito: Any, account: str) -> None:
        self._cognito, self._account = cognito, account

    def pool(self, declared: Declared, plan: Plan) -> Created:
        del plan
        made = _POOL.make(self._cognito, self._account, declared, PoolName=physical_name(declared))
        endpoint = f"cognito-idp.{declared.region}.amazonaws.com/{made.id}"
        return Created(made.id, {**made.attributes, "endpoint": endpoint})

    def client(self, declared: Declared, plan: Plan) -> Created:
        del plan
        return _CLIENT.make(self._cognito, self._account, declared, ClientName=physical_name(declared))

    def server(self, declared: Declared, plan: Plan) -> Created:
        del plan
        call = Call(operation="CreateResourceServer", id="ResourceServer.Identifier")
        return call.make(self._cognito, self._account, declared)

    def domain(self, declared: Declared, plan: Plan) -> Created:
        del plan
        call = Call(operation="CreateUserPoolDomain")
        return Created(declared.inputs["domain"], call.make(self._cognito, self._account, declared).attributes)
