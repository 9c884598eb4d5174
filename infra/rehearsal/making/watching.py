from collections.abc import Mapping
from typing import Any, Final

from infra.rehearsal.making.by_model import Call
from infra.rehearsal.making.names import physical_name, tag_list
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.stage import Create, Created

_DASHBOARD: Final = Call(operation="PutDashboard")
_ALARM: Final = Call(operation="PutMetricAlarm")


def creators(logs: Any, cloudwatch: Any, account: str) -> Mapping[str, Create]:
    """Of log groups, whose retention must be one of CloudWatch's steps, of alarms and of dashboards."""
    makers = _Watching(logs, cloudwatch, account)
    return {
        "aws:cloudwatch/logGroup:LogGroup": makers.log_group,
        "aws:cloudwatch/metricAlarm:MetricAlarm": makers.alarm,
        "aws:cloudwatch/dashboard:Dashboard": makers.dashboard,
    }


class _Watching:
    def __init__(self, logs: Any, cloudwatch: Any, account: str) -> None:
        self._logs, self._cloudwatch, self._account = logs, cloudwatch, account

    def log_group(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name, key = physical_name(declared), declared.inputs.get("kmsKeyId")
        self._logs.create_log_group(
            logGroupName=name, tags=declared.inputs.get("tags") or {}, **({"kmsKeyId": key} if key else {})
        )
        self._logs.put_retention_policy(logGroupName=name, retentionInDays=declared.inputs["retentionInDays"])
        arn = f"arn:aws:logs:{declared.region}:{self._account}:log-group:{name}"
        return Created(name, {"name": name, "arn": arn})

    def alarm(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = physical_name(declared)
        dimensions = [{"Name": key, "Value": value} for key, value in (declared.inputs.get("dimensions") or {}).items()]
        made = _ALARM.make(
            self._cloudwatch, self._account, declared, AlarmName=name, Dimensions=dimensions, Tags=tag_list(declared)
        )
        return Created(name, {**made.attributes, "name": name})

    def dashboard(self, declared: Declared, plan: Plan) -> Created:
        del plan
        made = _DASHBOARD.make(self._cloudwatch, self._account, declared)
        return Created(declared.inputs["dashboardName"], made.attributes)
