"""What documents say of the cloud is so: pages, links, commands, configuration keys, outputs, figures, tests."""

import argparse
import importlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.components.alarms import Runbook
from infra.config import StackConfig
from infra.redrive import main as redrive
from infra.rehearsal.plan import Plan
from lookalike.sizing.demand import Demand
from lookalike.sizing.estimate import estimate

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs/runbooks"
PAGES = (ROOT / "docs/deploying.md", ROOT / "docs/threat-model.md", *sorted(RUNBOOKS.glob("*.md")))
HEADINGS = ["When", "Commands", "What you see", "How to know it worked", "How to go back"]
KEY = re.compile(r"lookalike:([a-z_]+(?:\.[a-z_]+)*)")
TEST = re.compile(r"`(test_\w+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: Path) -> Iterator[str]:
    for block in re.findall(r"^```text\n(.*?)^```$", text(page), re.MULTILINE | re.DOTALL):
        yield from block.splitlines()


@pytest.mark.parametrize("runbook", Runbook, ids=str)
def test_every_alarm_s_page_is_there(runbook: Runbook) -> None:
    assert (ROOT / runbook.under("docs/runbooks")).is_file()
    assert f"]({runbook}.md)" in text(RUNBOOKS / "README.md")


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("[!R]*.md")), ids=lambda page: page.stem)
def test_a_runbook_says_when_how_and_how_to_go_back(page: Path) -> None:
    assert re.findall(r"^## (.*)$", text(page), re.MULTILINE) == HEADINGS
    assert len(text(page).splitlines()) < 80


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(text(page)):
        there = (page.parent / target) if target else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_configuration_keys_are_known(page: Path) -> None:
    for key in KEY.findall(text(page)):
        assert _is_key(StackConfig, key.split(".")), key


def _is_key(section: Any, path: list[str]) -> bool:
    field = section.model_fields.get(path[0])
    if field is None or len(path) == 1:
        return field is not None
    kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
    return any(_is_key(kind, path[1:]) for kind in kinds if hasattr(kind, "model_fields"))


def test_a_key_that_is_not_there_would_be_seen() -> None:
    assert _is_key(StackConfig, ["cluster", "burst", "most"])
    assert not _is_key(StackConfig, ["cluster", "burst", "moist"])
    assert not _is_key(StackConfig, ["clutter"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_modules_and_outputs_are_there(page: Path, starter: Plan) -> None:
    for command in commands(page):
        for module in re.findall(r"python -m ([\w.]+)", command):
            assert callable(importlib.import_module(module).main), command
        for output in re.findall(r"pulumi stack output (\w+)", command):
            assert output in starter.outputs, command
    for output in re.findall(r"`pulumi stack output (\w+)`", text(page)):
        assert output in starter.outputs, output


def test_redrive_s_commands_are_ones_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(parser: argparse.ArgumentParser, message: str) -> None:
        pytest.fail(f"{parser.prog}: {message}")

    monkeypatch.setattr(argparse.ArgumentParser, "error", refuse)
    asked = [c for page in PAGES for c in commands(page) if "python -m infra.redrive" in c]
    assert asked
    for command in asked:
        # Without a stack on standard input it goes no further than its arguments.
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        assert redrive(_argv(command)) == 2


def _argv(command: str) -> list[str]:
    return shlex.split(command.split("python -m infra.redrive")[1])


def test_the_threat_model_s_tests_exist() -> None:
    named = set(TEST.findall(text(ROOT / "docs/threat-model.md")))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    missing = {name for name in named if not re.search(rf"^def {name}\(", sources, re.MULTILINE)}
    assert len(named) > 40
    assert not missing


def test_every_threat_names_a_test() -> None:
    rows = [row for row in text(ROOT / "docs/threat-model.md").splitlines() if row.count("|") == 4]
    threats = [row for row in rows if not row.startswith(("| who does what", "| ---"))]
    assert len(threats) > 20
    assert all(TEST.search(row) for row in threats)


@pytest.mark.parametrize(
    ("said", "profile", "demand"),
    [
        (
            "`starter`, 50,000 photos, 30 uploads a minute, 2 searches a second",
            "starter",
            Demand(photos=50_000, uploads_per_minute=30, searches_per_second=2),
        ),
        (
            "`production`, 2,000,000 photos, 1,000 uploads a minute, 50 searches a second",
            "production",
            Demand(photos=2_000_000, uploads_per_minute=1_000, searches_per_second=50),
        ),
    ],
)
def test_the_costs_told_are_those_estimated(said: str, profile: str, demand: Demand) -> None:
    found = estimate(profile, demand)
    row = f"| {said} | {found.usd:,.0f} | {found.idle_usd:,.0f} |"
    assert row in text(ROOT / "docs/deploying.md").splitlines(), f"should be: {row}"
