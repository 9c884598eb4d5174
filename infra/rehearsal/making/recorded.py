import json
from collections.abc import Mapping
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from infra.rehearsal.making.invented import invented
from infra.rehearsal.making.names import physical_name
from infra.rehearsal.plan import Declared, Plan, Resource
from infra.rehearsal.policy import allows
from infra.rehearsal.stage import Create, Created, RehearsalError

_CONSUMING: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def creators(account: str) -> Mapping[str, Create]:
    """Of what others run (functions, mappings, the API) and of what the emulator cannot be (CloudFront, deliveries)."""
    makers = _Recorded(account)
    return {
        **dict.fromkeys(_INVENTED, makers.invented),
        "pulumi:providers:aws": makers.plain,
        "aws:lambda/function:Function": makers.function,
        "aws:lambda/alias:Alias": makers.alias,
        "aws:lambda/eventSourceMapping:EventSourceMapping": makers.mapping,
        "aws:lambda/permission:Permission": makers.plain,
        "aws:apigatewayv2/api:Api": makers.api,
        "aws:apigatewayv2/authorizer:Authorizer": makers.plain,
        "aws:apigatewayv2/integration:Integration": makers.plain,
        "aws:apigatewayv2/route:Route": makers.plain,
        "aws:apigatewayv2/stage:Stage": makers.stage,
        "aws:cloudwatch/logGroup:LogGroup": makers.log_group,
        "aws:cloudwatch/metricAlarm:MetricAlarm": makers.alarm,
    }


_INVENTED: Final = (
    "aws:cloudfront/distribution:Distribution",
    "aws:cloudfront/originAccessControl:OriginAccessControl",
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm",
    "aws:cloudwatch/logDelivery:LogDelivery",
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
    "aws:cloudwatch/logDeliverySource:LogDeliverySource",
    "aws:xray/group:Group",
)


class _Recorded:
    def __init__(self, account: str) -> None:
        self._account = account

    def plain(self, declared: Declared, plan: Plan) -> Created:
        del plan
        return Created(physical_name(declared))

    def invented(self, declared: Declared, plan: Plan) -> Created:
        del plan
        return invented(declared, self._account)

    def function(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = physical_name(declared)
        arn = self._arn(declared, "lambda", f"function:{name}")
        return Created(name, {"name": name, "arn": arn, "version": "1", "invokeArn": self._invoking(declared, arn)})

    def alias(self, declared: Declared, plan: Plan) -> Created:
        functions = plan.of("aws:lambda/function:Function")
        function = next(f for f in functions if f.attributes["name"] == declared.inputs["functionName"])
        arn = f"{function.attributes['arn']}:{declared.inputs['name']}"
        return Created(arn, {"arn": arn, "invokeArn": self._invoking(declared, arn)})

    def mapping(self, declared: Declared, plan: Plan) -> Created:
        _assure_consumable(declared, plan)
        number = str(uuid5(NAMESPACE_URL, declared.urn))
        return Created(number, {"uuid": number})

    def api(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = physical_name(declared)
        where = f"https://{name}.execute-api.{declared.region}.amazonaws.com"
        arn = self._arn(declared, "execute-api", name)
        return Created(name, {"name": name, "apiEndpoint": where, "executionArn": arn})

    def stage(self, declared: Declared, plan: Plan) -> Created:
        api = next(api for api in plan.of("aws:apigatewayv2/api:Api") if api.id == declared.inputs["apiId"])
        return Created(declared.inputs["name"], {"invokeUrl": f"{api.attributes['apiEndpoint']}/"})

    def log_group(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = physical_name(declared)
        return Created(name, {"name": name, "arn": self._arn(declared, "logs", f"log-group:{name}")})

    def alarm(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = physical_name(declared)
        return Created(name, {"name": name, "arn": self._arn(declared, "cloudwatch", f"alarm:{name}")})

    def _invoking(self, declared: Declared, arn: str) -> str:
        return self._arn(declared, "apigateway", f"path/2015-03-31/functions/{arn}/invocations", account="lambda")

    def _arn(self, declared: Declared, service: str, rest: str, account: str | None = None) -> str:
        return f"arn:aws:{service}:{declared.region}:{account or self._account}:{rest}"


def _assure_consumable(declared: Declared, plan: Plan) -> None:
    # What AWS checks when a mapping is made; as with notifications, only what it waits for counts.
    alias = _with_arn(plan, "aws:lambda/alias:Alias", declared.inputs["functionName"])
    function = next(f for f in plan.of("aws:lambda/function:Function") if f.id == alias.inputs["functionName"])
    queue = _with_arn(plan, "aws:sqs/queue:Queue", declared.inputs["eventSourceArn"])
    if queue.inputs["visibilityTimeoutSeconds"] < function.inputs["timeout"]:
        raise RehearsalError(
            f"AWS would refuse the mapping {declared.name}: messages are visible again after "
            f"{queue.inputs['visibilityTimeoutSeconds']} s, a run may take {function.inputs['timeout']} s"
        )
    role = _with_arn(plan, "aws:iam/role:Role", function.inputs["role"])
    granted = [
        json.loads(grant.inputs["policy"])
        for grant in plan.before(declared, "aws:iam/rolePolicy:RolePolicy")
        if grant.inputs["role"] == role.attributes["name"]
    ]
    for action in _CONSUMING:
        if not allows(granted, action, queue.attributes["arn"]):
            raise RehearsalError(
                f"AWS would refuse the mapping {declared.name}: no policy that it waits for lets "
                f"{role.attributes['name']} call {action} on {queue.attributes['arn']}"
            )


def _with_arn(plan: Plan, kind: str, arn: str) -> Resource:
    # Never an open `next`: a StopIteration does not come out of the loop that resources are made in, which then waits.
    found = [resource for resource in plan.of(kind) if resource.attributes["arn"] == arn]
    if not found:
        raise RehearsalError(f"the program has no {kind} with the ARN {arn}")
    return found[0]
