"""Moves callers to the versions that `pulumi up` published: ``pulumi stack output --json | python -m infra.release``.

Asks CodeDeploy to move each function's alias that is behind, and waits. CodeDeploy moves a part of the callers first,
and all of them back when one of the function's alarms rings; then this exits with 1.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

_EVERY_S: Final = 15
_UNDER_WAY: Final = frozenset({"Created", "Queued", "InProgress", "Ready"})


class Aws(Protocol):
    """What a release asks of AWS."""

    def live(self, function: str, alias: str) -> str:
        """The version that the alias names."""

    def deploy(self, application: str, group: str, appspec: str) -> str:
        """Start a deployment; its id."""

    def status(self, deployment: str) -> str:
        """How it stands, in CodeDeploy's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A function whose callers are to move from version `current` to `target`."""

    function: str
    alias: str
    application: str
    group: str
    current: str
    target: str

    @property
    def appspec(self) -> str:
        """https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html."""
        properties = {
            "Name": self.function,
            "Alias": self.alias,
            "CurrentVersion": self.current,
            "TargetVersion": self.target,
        }
        resource = {"function": {"Type": "AWS::Lambda::Function", "Properties": properties}}
        return json.dumps({"version": 0.0, "Resources": [resource]})


def moves(releases: Iterable[Mapping[str, Any]], aws: Aws) -> list[Move]:
    """What is behind. Functions whose alias Pulumi moves itself have no group, and are none of ours."""
    found = []
    for release in releases:
        if release["group"] is None:
            continue
        current = aws.live(release["function"], release["alias"])
        if current != str(release["version"]):
            said = {key: release[key] for key in ("function", "alias", "application", "group")}
            found.append(Move(**said, current=current, target=str(release["version"])))
    return found


def release(wanted: Sequence[Move], aws: Aws, wait: Callable[[], None], say: Callable[[str], None]) -> bool:
    """Move them all at once, and wait; whether all arrived."""
    started = {move.function: aws.deploy(move.application, move.group, move.appspec) for move in wanted}
    arrived = True
    for move in wanted:
        while (status := aws.status(started[move.function])) in _UNDER_WAY:
            wait()
        say(f"{move.function}: {move.current} -> {move.target}: {status}")
        arrived &= status == "Succeeded"
    return arrived


class _Boto:
    def __init__(self, region: str) -> None:
        import boto3  # noqa: PLC0415 - importing this module opens nothing

        session = boto3.Session(region_name=region)
        self._functions: Any = session.client("lambda")
        self._deployments: Any = session.client("codedeploy")

    def live(self, function: str, alias: str) -> str:
        return str(self._functions.get_alias(FunctionName=function, Name=alias)["FunctionVersion"])

    def deploy(self, application: str, group: str, appspec: str) -> str:
        content = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec}}
        made = self._deployments.create_deployment(
            applicationName=application, deploymentGroupName=group, revision=content
        )
        return str(made["deploymentId"])

    def status(self, deployment: str) -> str:
        return str(self._deployments.get_deployment(deploymentId=deployment)["deploymentInfo"]["status"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the stack's outputs, release, and say how it went; 1 where callers were taken back."""
    parser = argparse.ArgumentParser(prog="python -m infra.release", description=__doc__)
    parser.add_argument("--region", required=True, help="whose functions")
    asked = parser.parse_args(arguments)
    outputs = json.load(sys.stdin)
    if asked.region not in outputs["regions"]:
        parser.error(f"the stack serves from {', '.join(outputs['regions'])}, not from {asked.region}")
    releases = outputs["regions"][asked.region]["releases"].values()
    aws = _Boto(asked.region)
    wanted = moves(releases, aws)
    if not wanted:
        print("nothing is behind")  # noqa: T201 - a command
        return 0
    return int(not release(wanted, aws, lambda: time.sleep(_EVERY_S), print))


if __name__ == "__main__":
    sys.exit(main())
