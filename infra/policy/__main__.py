from pulumi_policy import EnforcementLevel, PolicyPack

from infra.policy.crossguard import policies
from infra.policy.rules import RULES

PolicyPack("lookalike", policies(RULES), EnforcementLevel.MANDATORY)
