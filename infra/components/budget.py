from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

_NOTIFIED: Final = (("ACTUAL", 80.0), ("ACTUAL", 100.0), ("FORECASTED", 100.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetArgs:
    """`monthly_usd` is what a month may cost; `topic` (an SNS topic's ARN) and `email` hear of it."""

    monthly_usd: int
    topic: pulumi.Input[str] | None = None
    email: str | None = None


class Budget(pulumi.ComponentResource):
    """Tells when a month has cost four fifths of its budget, all of it, or is going to.

    It looks at the whole account: one that looks at tags sees nothing until somebody activates them for billing, and
    would be silent until then.
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises `ValueError` where nobody would hear of it."""
        if args.topic is None and args.email is None:
            raise ValueError("a budget needs a topic or an e-mail address to tell")
        super().__init__("lookalike:components:Budget", name, None, opts)
        aws.budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.monthly_usd),
            limit_unit="USD",
            notifications=[_notification(kind, percent, args) for kind, percent in _NOTIFIED],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _notification(kind: str, percent: float, args: BudgetArgs) -> aws.budgets.BudgetNotificationArgsDict:
    return {
        "notification_type": kind,
        "comparison_operator": "GREATER_THAN",
        "threshold": percent,
        "threshold_type": "PERCENTAGE",
        "subscriber_sns_topic_arns": [] if args.topic is None else [args.topic],
        "subscriber_email_addresses": [] if args.email is None else [args.email],
    }
