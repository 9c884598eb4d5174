from dataclasses import dataclass

import pulumi

from infra.components.alarms import Alarms
from infra.components.data_key import DataKey
from infra.components.log_bucket import LogBucket
from infra.components.network import Network
from infra.config import StackConfig
from infra.naming import Naming


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the parts of one region stand, and what all of them need; `opts` makes them the region's children."""

    config: StackConfig
    region: str
    account: pulumi.Input[str]
    naming: Naming
    opts: pulumi.ResourceOptions
    key: DataKey
    network: Network
    alarms: Alarms
    pager: Alarms
    logs: LogBucket
