from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from infra.judges.checkov import Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A check of Checkov's that does not hold here, on which resources (a pattern), and why that is right."""

    check: str
    resources: str
    reason: str

    def covers(self, ruling: Ruling) -> bool:
        """Whether this waives that ruling."""
        return ruling.check == self.check and fnmatchcase(ruling.resource, self.resources)


WAIVERS: Final[tuple[Waiver, ...]] = (
    Waiver(
        check="CKV_AWS_116",
        resources="aws_lambda_function.*",
        reason="A function's own dead letters are those of asynchronous calls, and nobody calls ours so: the API hears "
        "of its failures at once, and queues have dead-letter queues of their own.",
    ),
    Waiver(
        check="CKV_AWS_144",
        resources="aws_s3_bucket.*",
        reason="With one region there is nowhere to replicate to; with a second in `lookalike:regions`, photos are "
        "replicated. Logs and pages are not worth a second copy.",
    ),
    Waiver(
        check="CKV_AWS_272",
        resources="aws_lambda_function.*",
        reason="Packages are built from locked hashes and compared byte for byte; signing them would add a key that "
        "somebody has to keep, for a step that the same person takes.",
    ),
    Waiver(
        check="CKV_AWS_309",
        resources="aws_apigatewayv2_route.*-readHealth",
        reason="The health route is for monitors without a token; it says that the API stands, and nothing else.",
    ),
)
"""At most five: the next one has to push out another."""
