import itertools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto

from inference.bench.gpu import __main__ as command
from inference.bench.gpu import driver, onnx_runtime, trtexec
from inference.bench.gpu.bring import NAMES, bring
from inference.bench.gpu.measure import Effort, Row, agreement, measure, timed
from inference.bench.gpu.onnx_runtime import OnnxRuntime
from inference.bench.gpu.photos import drawn_photos
from inference.bench.gpu.survey import Survey
from inference.bench.gpu.table import as_json, as_markdown, best, decision
from inference.bench.gpu.way import Arithmetic, Floats, Loaded, NotBroughtError, Photos
from inference.compile.restore import read_fp32
from inference.serving.committed import MODEL

UNIT = np.eye(4, 8, dtype=np.float32)


class Scripted:
    """A network that answers and takes as long as it is told."""

    def __init__(self, answer: Floats, batches: Sequence[float] = (1.0,), waits: Sequence[float] = (2.0,)) -> None:
        self._answer, self._batches, self._waits = answer, itertools.cycle(batches), itertools.cycle(waits)

    def answer(self) -> Floats:
        return self._answer

    def milliseconds(self, times: int) -> float:
        return times * next(self._batches)

    def latencies(self, times: int) -> Sequence[float]:
        return list(itertools.islice(self._waits, times))


def row(arithmetic: Arithmetic, milliseconds: float, *, batch: int = 8, spread: float = 0, cosine: float = 1) -> Row:
    least, most = milliseconds * (1 - spread), milliseconds * (1 + spread)
    return Row("way", arithmetic, batch, milliseconds, least, most, milliseconds + 1, cosine)


def test_the_median_of_the_repeats_counts_and_the_warm_up_does_not() -> None:
    loaded = Scripted(UNIT, [900.0, 3.0, 1.0, 2.0], [9.0, 5.0, 7.0])
    found = measure("way", Arithmetic.FP16, loaded, UNIT, Effort(warm_up=1, runs=10, repeats=3))
    assert found == Row("way", Arithmetic.FP16, 4, 2.0, 1.0, 3.0, 7.0, 1.0)
    assert found.rate == 2000


def test_a_call_is_timed_from_where_the_one_before_ended() -> None:
    moments = iter([0.0, 0.002, 0.005])
    assert timed(lambda: None, 2, lambda: next(moments)) == pytest.approx([2, 3])


@pytest.mark.parametrize(
    ("answer", "cosine"),
    [(UNIT, 1), (UNIT[::-1], 0), (UNIT[:2], -1), (UNIT * 2, -1), (UNIT * np.float32(np.nan), -1), (UNIT * 0, -1)],
    ids=["same", "others", "too-few", "too-long", "nan", "nothing"],
)
def test_only_the_right_answer_agrees(answer: Floats, cosine: float) -> None:
    assert agreement(answer, UNIT) == cosine


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([row(Arithmetic.FP16, 2), row(Arithmetic.INT8, 1)], "INT8 is the default here; INT8 is 2.00 of FP16"),
        ([row(Arithmetic.FP16, 1), row(Arithmetic.INT8, 2)], "FP16 is the default here; INT8 is 0.50"),
        ([row(Arithmetic.FP16, 2, spread=0.1), row(Arithmetic.INT8, 1.9, spread=0.1)], "FP16 is the default here"),
        ([row(Arithmetic.FP16, 2), row(Arithmetic.INT8, 1, cosine=0.9)], "INT8 was not measured with right answers"),
        ([row(Arithmetic.FP16, 2)], "INT8 was not measured"),
        ([row(Arithmetic.INT8, 2)], "none, FP16 was not measured"),
    ],
    ids=["quicker", "slower", "within-the-spread", "wrong", "only-fp16", "only-int8"],
)
def test_int8_is_the_default_only_where_it_beats_fp16(rows: list[Row], says: str) -> None:
    assert says in decision(rows)


def test_a_fast_wrong_answer_is_shown_and_does_not_count() -> None:
    wrong, right = row(Arithmetic.FP16, 0.001, cosine=0.99), row(Arithmetic.FP16, 4)
    assert best([wrong, right], Arithmetic.FP16) is right
    assert "does not count" in as_markdown([wrong, right])


def test_a_report_holds_the_ratios_to_what_was_promised_and_published() -> None:
    rows = [row(Arithmetic.FP16, 1, batch=62), row(Arithmetic.FP16, 0.8, batch=1), row(Arithmetic.TF32, 1)]
    found = json.loads(json.dumps(as_json(rows), allow_nan=False))
    ratios = {"rate_to_promised": 20, "rate_to_published": pytest.approx(62 / 27), "latency_to_promised": 1}
    assert found["ratios"] == {"fp32": {}, "fp16": ratios, "int8": {}}
    assert [each["images_per_second"] for each in found["rows"]] == [62000, 1250, 8000]
    assert "| FP16, way, batch 62 | 62,000 | 20.00 | 2.30 | 1.80 ms | 1.00 |" in as_markdown(rows)
    assert "| TF32, way, batch 8 | 8,000 | - | - | - | - |" in as_markdown(rows)


class Halting:
    """A way that has no FP16 and whose INT8 breaks."""

    name = "halting"
    arithmetics = tuple(Arithmetic)

    def load(self, model: ModelProto, arithmetic: Arithmetic, photos: Photos) -> Loaded:
        assert model is MODELS[arithmetic]
        if arithmetic is Arithmetic.FP16:
            raise NotBroughtError("no FP16")
        if arithmetic is Arithmetic.INT8:
            raise RuntimeError("broken\nand a trace")
        return Scripted(UNIT[photos[:, 0, 0, 0]])


MODELS = {arithmetic: ModelProto() for arithmetic in Arithmetic}
INDEXED = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)


def test_what_fails_is_told_and_the_rest_is_measured() -> None:
    survey = Survey(MODELS, INDEXED, UNIT, (1, 8), Effort(), until=float("inf"))
    survey.run(Halting())
    measured = [(each.arithmetic, each.batch, each.cosine) for each in survey.rows]
    assert measured == [(kind, batch, 1.0) for kind in (Arithmetic.FP32, Arithmetic.TF32) for batch in (1, 8)]
    assert survey.not_measured == ["halting, FP16: NotBroughtError: no FP16", "halting, INT8: RuntimeError: broken"]


def test_nothing_is_begun_after_the_limit() -> None:
    moments = iter([0.0, 2.0])
    survey = Survey(
        {Arithmetic.FP32: MODELS[Arithmetic.FP32]}, INDEXED, UNIT, (1, 2), Effort(), 1, lambda: next(moments)
    )
    survey.run(Halting())
    assert [each.batch for each in survey.rows] == [1]
    assert survey.not_measured[0] == "halting, FP32, batch 2 and more: the time was over"
    assert all("no file was given" in each for each in survey.not_measured[-1:])


@pytest.mark.parametrize("arithmetic", [Arithmetic.FP32, Arithmetic.FP16])
def test_onnx_runtime_answers_from_its_binding_as_the_model_does(arithmetic: Arithmetic) -> None:
    model, photos = read_fp32(MODEL), drawn_photos(2, 224)
    assert photos.shape == (2, 224, 224, 3)
    ticks = itertools.count()
    loaded = OnnxRuntime("CPUExecutionProvider", "cpu", lambda: float(next(ticks))).load(model, arithmetic, photos)
    assert agreement(loaded.answer(), command._expected(model, photos)) > 0.9999
    assert (loaded.milliseconds(3), loaded.latencies(2)) == (3000, [1000, 1000])
    bound = loaded._binding.copy_outputs_to_cpu()[0]
    np.testing.assert_array_equal(bound, loaded.answer())


def test_a_provider_that_is_not_there_is_not_brought() -> None:
    with pytest.raises(NotBroughtError, match="was built without NoProvider"):
        onnx_runtime.bring("NoProvider")


def test_the_first_gpu_is_the_one_that_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "query_gpus", lambda *_: ["NVIDIA L4, 570.86", "Tesla T4, 570.86"])
    driver.need_gpu()
    assert driver.gpu() == "NVIDIA L4, 570.86"


def test_no_gpu_is_no_way_to_measure_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "query_gpus", lambda *_: [])
    assert not driver.gpu()
    with pytest.raises(NotBroughtError, match="shows no GPU"):
        driver.need_gpu()


TRTEXEC = """#!{python}
import json, pathlib, sys
said = dict(each.lstrip("-").partition("=")[::2] for each in sys.argv[1:])
with open({log!r}, "a") as log:
    log.write(json.dumps(said) + "\\n")
if said.get("onnx") and {broken}:
    sys.exit("no such layer")
if "saveEngine" in said:
    pathlib.Path(said["saveEngine"]).write_bytes(pathlib.Path(said["onnx"]).read_bytes())
if "exportTimes" in said:
    run = {{"computeMs": 0.5, "latencyMs": 0.75}}
    pathlib.Path(said["exportTimes"]).write_text(json.dumps([run] * (int(said["iterations"]) + 1)))
if "exportOutput" in said:
    tensors = [{{"name": "CATEGORY", "dimensions": "2x1", "values": [1, 1]}}]
    tensors += [{{"name": "EMBEDDING", "dimensions": "2x2", "values": [1, 0, 0, 1]}}]
    pathlib.Path(said["exportOutput"]).write_text(json.dumps(tensors))
"""


@pytest.fixture(scope="module")
def graph() -> ModelProto:
    return read_fp32(MODEL)


def program(folder: Path, *, broken: bool = False) -> str:
    path = folder / "trtexec"
    path.write_text(TRTEXEC.format(python=sys.executable, log=str(folder / "log"), broken=broken), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script")
@pytest.mark.parametrize(
    ("arithmetic", "types"),
    [
        (Arithmetic.FP32, {"noTF32"}),
        (Arithmetic.TF32, set()),
        (Arithmetic.FP16, {"noTF32", "stronglyTyped"}),
        (Arithmetic.INT8, {"int8", "fp16"}),
    ],
)
def test_trtexec_builds_times_and_answers(
    arithmetic: Arithmetic, types: set[str], graph: ModelProto, tmp_path: Path
) -> None:
    photos = np.zeros((2, 224, 224, 3), np.uint8)
    loaded = trtexec.Trtexec(program(tmp_path)).load(graph, arithmetic, photos)
    assert (loaded.milliseconds(4), list(loaded.latencies(2))) == (2, [0.75, 0.75])
    np.testing.assert_array_equal(loaded.answer(), np.eye(2))
    built, *_, answered = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert {name for name in built if name in {"noTF32", "stronglyTyped", "int8", "fp16"}} == types
    assert built["optShapes"] == built["maxShapes"] == answered["shapes"] == "PHOTO:2x224x224x3"
    first = onnx.load(answered["loadEngine"]).graph.node[0]
    assert (first.op_type, first.input[0]) == ("Cast", "PHOTO")


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script")
def test_what_trtexec_says_when_it_fails_is_passed_on(graph: ModelProto, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such layer"):
        trtexec.Trtexec(program(tmp_path, broken=True)).load(graph, Arithmetic.FP32, np.zeros((1, 2, 2, 3), np.uint8))


@pytest.fixture
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(name: str) -> None:
        raise NotBroughtError(f"no {name} here")

    monkeypatch.setattr(command, "bring", unavailable)


@pytest.mark.usefixtures("without_gpu")
def test_without_a_gpu_it_says_what_it_would_measure(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--model", str(MODEL), "--batches", "1,4"]) == 2
    said = capsys.readouterr().out
    assert "not brought: torch: no torch here" in said
    for part in ("FP32, TF32, FP16", "--int8", "batches of 1, 4", *NAMES, "3,100 img/s, 1.8 ms", "27,000"):
        assert part in said


def test_no_way_is_brought_where_what_it_needs_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "torch", None)
    for module in ("cuda_graph", "in_torch", "integers"):
        monkeypatch.delitem(sys.modules, f"inference.bench.gpu.{module}", raising=False)
    for name in NAMES:
        with pytest.raises(NotBroughtError):
            bring(name)


def test_with_a_gpu_it_writes_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "bring", lambda _: OnnxRuntime("CPUExecutionProvider", "cpu", time.perf_counter))
    options = ["--ways", "onnxruntime-cuda", "--batches", "1", "--runs", "1", "--repeats", "1", "--out", str(tmp_path)]
    assert command.main(["--model", str(MODEL), *options]) == 0
    found = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    assert [(each["arithmetic"], each["batch"]) for each in found["rows"]] == [("fp32", 1), ("tf32", 1), ("fp16", 1)]
    assert all(each["counts"] for each in found["rows"])
    assert "no file was given with --int8" in found["not_measured"][0]
    assert (tmp_path / "gpu.md").read_text(encoding="utf-8") in capsys.readouterr().out


@pytest.mark.parametrize(("name", "value"), [("--batches", "0"), ("--ways", "abacus"), ("--runs", "0")])
def test_what_cannot_be_measured_is_refused(name: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--model", str(MODEL), name, value])
    assert f"argument {name}: must be" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--model", "nowhere.onnx"], ["--model", str(MODEL), "--int8", str(MODEL)]])
def test_models_that_are_none_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(options) == 2
    assert capsys.readouterr().err.startswith("error: ")
