from pydantic import Field

from infra.config.section import Section
from infra.config.values import LogDays


class WatchConfig(Section):
    """What is looked at, and who hears of it."""

    alarm_topic_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z\-]*:sns:.+$",
        description="Who hears of alarms; null: the console shows them.",
    )
    budget_email: str | None = Field(
        default=None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Who hears of the budget."
    )
    budget_usd: int | None = Field(
        default=None, ge=1, le=10_000_000, description="A month's budget in USD that alarms; null: none."
    )
    queue_age_alarm_s: int = Field(default=600, ge=60, le=86_400, description="Age of the oldest message that alarms.")
    log_retention_days: LogDays = Field(description="How long logs are kept; one of CloudWatch's steps.")
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is logged."
    )
