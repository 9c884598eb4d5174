from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from infra.rehearsal.making.names import physical_name
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.stage import Create, Created

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_ATTRIBUTES: Final = {
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "redrivePolicy": "RedrivePolicy",
}


def creators(sqs: "SQSClient") -> Mapping[str, Create]:
    """Of queues and their policies."""
    makers = _Queues(sqs)
    return {
        "aws:sqs/queue:Queue": makers.queue,
        "aws:sqs/queuePolicy:QueuePolicy": makers.policy,
        "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": makers.redrive_allow,
    }


class _Queues:
    def __init__(self, sqs: "SQSClient") -> None:
        self._sqs: Any = sqs
        self._said: dict[str, dict[str, str]] = {}

    def queue(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = physical_name(declared)
        said = {_ATTRIBUTES[key]: str(value) for key, value in declared.inputs.items() if key in _ATTRIBUTES}
        url = self._sqs.create_queue(QueueName=name, Attributes=said, tags=declared.inputs.get("tags") or {})[
            "QueueUrl"
        ]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Created(url, {"name": name, "url": url, "arn": arn})

    def policy(self, declared: Declared, plan: Plan) -> Created:
        del plan
        return self._set(declared, "Policy", "policy")

    def redrive_allow(self, declared: Declared, plan: Plan) -> Created:
        del plan
        return self._set(declared, "RedriveAllowPolicy", "redriveAllowPolicy")

    def _set(self, declared: Declared, attribute: str, key: str) -> Created:
        # moto forgets a queue's policy when another attribute is set.
        url, said = declared.inputs["queueUrl"], self._said.setdefault(declared.inputs["queueUrl"], {})
        said[attribute] = declared.inputs[key]
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes=said)
        return Created(url)
