import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.release import Move, moves, release


@dataclass
class FakeAws:
    """Aliases that name versions, and deployments that go through these states."""

    versions: Mapping[str, str]
    states: Mapping[str, list[str]] = field(default_factory=dict)
    started: dict[str, dict[str, Any]] = field(default_factory=dict)

    def live(self, function: str, alias: str) -> str:
        assert alias == "live"
        return self.versions[function]

    def deploy(self, application: str, group: str, appspec: str) -> str:
        self.started[group] = {"application": application, **json.loads(appspec)}
        return group

    def status(self, deployment: str) -> str:
        return self.states[deployment].pop(0)


def released(name: str, version: str, *, gradual: bool = True) -> dict[str, Any]:
    group = name if gradual else None
    return {"function": name, "alias": "live", "version": version, "application": group, "group": group}


def a_move(name: str) -> Move:
    return Move(function=name, alias="live", application=name, group=name, current="1", target="2")


def test_what_is_behind_moves_and_the_rest_stays() -> None:
    aws = FakeAws({"search": "1", "embed": "2", "prepare": "1"})
    outputs = [released("search", "2"), released("embed", "2"), released("prepare", "2", gradual=False)]
    assert moves(outputs, aws) == [a_move("search")]


def test_codedeploy_is_told_from_where_to_where() -> None:
    aws = FakeAws({}, {"search": ["Succeeded"]})
    assert release([a_move("search")], aws, wait=lambda: None, say=lambda _: None)
    (resource,) = aws.started["search"]["Resources"]
    assert resource["function"]["Type"] == "AWS::Lambda::Function"
    assert resource["function"]["Properties"] == {
        "Name": "search",
        "Alias": "live",
        "CurrentVersion": "1",
        "TargetVersion": "2",
    }


def test_it_waits_until_all_have_arrived() -> None:
    aws = FakeAws({}, {"search": ["Created", "InProgress", "Succeeded"], "embed": ["Queued", "Succeeded"]})
    waited: list[int] = []
    said: list[str] = []
    assert release([a_move("search"), a_move("embed")], aws, wait=lambda: waited.append(1), say=said.append)
    assert len(waited) == 3
    assert said == ["search: 1 -> 2: Succeeded", "embed: 1 -> 2: Succeeded"]


def test_one_that_was_taken_back_is_a_failure() -> None:
    aws = FakeAws({}, {"search": ["InProgress", "Stopped"], "embed": ["Succeeded"]})
    said: list[str] = []
    assert not release([a_move("search"), a_move("embed")], aws, wait=lambda: None, say=said.append)
    assert said[0] == "search: 1 -> 2: Stopped"
