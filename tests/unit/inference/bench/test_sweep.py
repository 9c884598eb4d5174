import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from inference.bench import sweep
from inference.bench.capacity import Curve, Point
from inference.bench.load import Answer, Load
from inference.bench.sweep import Effort, report, variant
from inference.serving.repositories import cpu_spec
from inference.serving.spec import Level, ModelSpec
from lookalike.domain.embedding import ModelVersion
from lookalike.errors import OverloadedError
from lookalike.ports.embedder import ModelFacts

FACTS = ModelFacts(ModelVersion("toy-0123456789ab-p1"), "1", 32, ("dress", "shirt"), 12.5, -9.0)
COMMITTED = cpu_spec(FACTS)
BUDGET = 95.0


def curve(batch: int, delay: int, capacity: float) -> Curve:
    return Curve(batch, delay, [Point(capacity, capacity, 10, 20, 0), Point(1000, 0, float("nan"), float("nan"), 1)])


def test_a_variant_fills_its_batch_and_warms_every_size_up() -> None:
    wide = variant(COMMITTED, 8, 500)
    assert (wide.max_batch_size, wide.batching.delay_us, wide.warm_up) == (8, 500, tuple(range(1, 9)))
    assert wide.batching.level_queues[Level.INTERACTIVE].size == 16
    assert variant(COMMITTED, COMMITTED.max_batch_size, COMMITTED.batching.delay_us) == COMMITTED


@pytest.mark.parametrize(
    ("curves", "agrees", "says"),
    [
        ([curve(1, 0, 50), curve(2, 0, 80)], True, "it is what is committed"),
        ([curve(2, 0, 50), curve(4, 500, 80)], False, "batch 2, delay 0 µs, as committed, held 50"),
        ([curve(4, 500, 80)], False, "was not measured"),
        ([curve(2, 0, 0.0)], False, "nothing is recommended"),
        ([], False, "nothing is recommended"),
    ],
    ids=["agrees", "disagrees", "not-measured", "none-holds", "no-curves"],
)
def test_it_says_whether_what_is_committed_agrees(curves: list[Curve], agrees: bool, says: str) -> None:
    found = report(curves, BUDGET, COMMITTED)
    assert found["agrees"] is agrees
    assert says in found["verdict"]
    assert len(json.dumps(found, allow_nan=False)) > 0


def test_a_report_holds_every_point_by_its_rate() -> None:
    (told,) = report([Curve(2, 0, [Point(9, 9, 5, 50.1234, 0), Point(4, 0, 5, float("nan"), 1)])], BUDGET, COMMITTED)[
        "curves"
    ]
    assert [point["offered"] for point in told["points"]] == [4, 9]
    assert [point["p99_ms"] for point in told["points"]] == [None, 50.123]
    assert told["capacity"] == 9


def test_a_point_counts_what_was_not_served_and_times_what_was() -> None:
    answers = [Answer(0.01, None)] * 3 + [Answer(5.0, OverloadedError)]
    point = sweep._point(2.0, Load(answers, 2.0))
    assert point == Point(2.0, 1.5, 10, 10, 0.25)
    assert not sweep._point(2.0, Load([], 1.0)).holds(BUDGET)


@pytest.mark.parametrize(
    ("name", "value"),
    [("--batches", "0,2"), ("--delays", "-1"), ("--budget-ms", "0"), ("--seconds", "inf"), ("--tries", "0")],
)
def test_what_cannot_be_swept_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sweep", name, value])
    with pytest.raises(SystemExit):
        sweep._options()
    assert f"argument {name}: must be" in capsys.readouterr().err


def test_the_command_writes_every_curve_and_what_it_recommends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def simulated(specs: Sequence[ModelSpec], budget_ms: float, effort: Effort) -> list[Curve]:
        assert (budget_ms, effort.seconds, effort.tries) == (95, 4, 8)
        return [curve(spec.max_batch_size, spec.batching.delay_us, 10.0 * spec.max_batch_size) for spec in specs]

    monkeypatch.setattr(sweep, "measure", simulated)
    monkeypatch.setattr(sys, "argv", ["sweep", "--batches", "1,2", "--delays", "0,500", "--out", str(tmp_path)])
    sweep.main()
    found = json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"))
    pairs = [(each["max_batch"], each["delay_us"]) for each in found["curves"]]
    assert pairs == [(1, 0), (1, 500), (2, 0), (2, 500)]
    assert (found["recommendation"]["max_batch"], found["recommendation"]["delay_us"]) == (2, 0)
    assert "batch 2, delay 0 µs" in (tmp_path / "sweep.svg").read_text(encoding="utf-8")
    assert capsys.readouterr().out.splitlines()[-1] == found["verdict"]


@pytest.mark.parametrize(("more", "analyzer"), [([], False), (["--with", "perf-analyzer"], True)], ids=str)
def test_whose_load_it_was_is_said(
    more: list[str], analyzer: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    efforts: list[Effort] = []

    def simulated(_: Sequence[ModelSpec], budget_ms: float, effort: Effort) -> list[Curve]:
        efforts.append(effort)
        return [curve(1, 0, budget_ms)]

    monkeypatch.setattr(sweep, "measure", simulated)
    monkeypatch.setattr(sys, "argv", ["sweep", "--out", str(tmp_path), *more])
    sweep.main()
    assert [effort.analyzer for effort in efforts] == [analyzer]
    said = json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"))["load"]
    assert said == (sweep.PERF_ANALYZER if analyzer else sweep.OURS)
