from collections.abc import Mapping
from typing import Any, Final

from infra.rehearsal.making.by_model import Call
from infra.rehearsal.making.names import physical_name, tag_list
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.stage import Create, Created

_TOPIC: Final = Call(operation="CreateTopic", id="TopicArn", attributes={"arn": "TopicArn"})
_SUBSCRIPTION: Final = Call(operation="Subscribe", id="SubscriptionArn", attributes={"arn": "SubscriptionArn"})


def creators(sns: Any, budgets: Any, account: str) -> Mapping[str, Create]:
    """Of topics, who hears of them, and budgets."""
    makers = _Telling(sns, budgets, account)
    return {
        "aws:sns/topic:Topic": makers.topic,
        "aws:sns/topicPolicy:TopicPolicy": makers.policy,
        "aws:sns/topicSubscription:TopicSubscription": makers.subscription,
        "aws:budgets/budget:Budget": makers.budget,
    }


class _Telling:
    def __init__(self, sns: Any, budgets: Any, account: str) -> None:
        self._sns, self._budgets, self._account = sns, budgets, account

    def topic(self, declared: Declared, plan: Plan) -> Created:
        del plan
        key = {"KmsMasterKeyId": declared.inputs["kmsMasterKeyId"]}
        return _TOPIC.make(
            self._sns, self._account, declared, Name=physical_name(declared), Attributes=key, Tags=tag_list(declared)
        )

    def policy(self, declared: Declared, plan: Plan) -> Created:
        del plan
        arn, policy = declared.inputs["arn"], declared.inputs["policy"]
        self._sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
        return Created(arn, {"arn": arn})

    def subscription(self, declared: Declared, plan: Plan) -> Created:
        del plan
        return _SUBSCRIPTION.make(self._sns, self._account, declared, TopicArn=declared.inputs["topic"])

    def budget(self, declared: Declared, plan: Plan) -> Created:
        del plan
        said, name = declared.inputs, physical_name(declared)
        self._budgets.create_budget(
            AccountId=self._account,
            Budget={
                "BudgetName": name,
                "BudgetType": said["budgetType"],
                "TimeUnit": said["timeUnit"],
                "BudgetLimit": {"Amount": said["limitAmount"], "Unit": said["limitUnit"]},
            },
            NotificationsWithSubscribers=[_notification(told) for told in said["notifications"]],
        )
        return Created(f"{self._account}:{name}", {"name": name})


def _notification(told: Mapping[str, Any]) -> dict[str, Any]:
    topics = [{"SubscriptionType": "SNS", "Address": topic} for topic in told.get("subscriberSnsTopicArns", [])]
    emails = [{"SubscriptionType": "EMAIL", "Address": email} for email in told.get("subscriberEmailAddresses", [])]
    return {
        "Notification": {
            "NotificationType": told["notificationType"],
            "ComparisonOperator": told["comparisonOperator"],
            "Threshold": told["threshold"],
            "ThresholdType": told["thresholdType"],
        },
        "Subscribers": [*topics, *emails],
    }
