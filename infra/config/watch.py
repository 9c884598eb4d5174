from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.config.section import Section
from infra.config.values import LogDays

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
TopicArn = Annotated[str, Field(pattern=r"^arn:aws[a-z\-]*:sns:.+$")]


class WatchConfig(Section):
    """What is looked at, and who hears of it. With neither e-mails nor a topic, alarms show in the console alone."""

    emails: tuple[Email, ...] = Field(
        default=(), max_length=10, description="Who hears of alarms and of the budget; each has to confirm once."
    )
    alarm_topic_arn: TopicArn | None = Field(
        default=None, description="The shop's own topic at home, for alarms and the budget, instead of e-mails."
    )
    pager_topic_arn: TopicArn | None = Field(
        default=None, description="The shop's own topic at home, for the one alarm that wakes somebody."
    )
    budget_usd: int | None = Field(
        default=None, ge=1, le=10_000_000, description="A month's budget in USD that alarms; null: none."
    )
    queue_age_alarm_s: int = Field(default=600, ge=60, le=86_400, description="Age of the oldest message that alarms.")
    log_retention_days: LogDays = Field(description="How long logs are kept; one of CloudWatch's steps.")
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is logged."
    )

    @model_validator(mode="after")
    def _is_heard(self) -> Self:
        if self.emails and self.alarm_topic_arn is not None:
            raise ValueError("emails and alarm_topic_arn exclude each other; subscribe the e-mails to the topic")
        if self.budget_usd is not None and not self.emails and self.alarm_topic_arn is None:
            raise ValueError("budget_usd needs emails or an alarm_topic_arn, or nobody would hear of it")
        return self
