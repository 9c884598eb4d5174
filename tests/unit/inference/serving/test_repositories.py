import hashlib
import json
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from inference.serving.assemble import assemble_cpu
from inference.serving.committed import configurations
from inference.serving.generate import ConfigGenerator
from inference.serving.parse import parse_pbtxt
from inference.serving.repositories import cpu_spec, engine_spec, gpu_spec, with_imports_aside
from inference.serving.spec import Backend, Device, Level, ModelSpec, TensorRt
from lookalike.adapters.triton.embedder import _LEVELS
from lookalike.domain.embedding import ModelVersion
from lookalike.ports.embedder import ModelFacts, Priority
from lookalike.testing.onnx_model import write_model

FACTS = ModelFacts(ModelVersion("toy-0123456789ab-p1"), "1", 32, ("dress", "shirt"), 12.5, -9.0)
BOTH = pytest.mark.parametrize("spec", [gpu_spec(FACTS), cpu_spec(FACTS)], ids=["gpu", "cpu"])


def test_the_committed_configurations_are_what_the_spec_makes() -> None:
    for path, text in configurations().items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is not up to date: run `python -m inference.serving`"


def test_the_command_says_so_too() -> None:
    done = subprocess.run([sys.executable, "-m", "inference.serving", "--check"], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


@BOTH
def test_both_keep_the_models_contract(spec: ModelSpec) -> None:
    assert [(each.name, each.data_type, each.dims) for each in (*spec.inputs, *spec.outputs)] == [
        ("PHOTO", "TYPE_UINT8", (32, 32, 3)),
        ("EMBEDDING", "TYPE_FP32", (256,)),
        ("CATEGORY", "TYPE_FP32", (2,)),
    ]


@BOTH
def test_both_batch_by_two_priorities_and_a_stranger_is_not_put_ahead(spec: ModelSpec) -> None:
    assert dict(_LEVELS) == {Priority.INTERACTIVE: Level.INTERACTIVE, Priority.BULK: Level.BULK}
    assert spec.batching.default_level is Level.BULK
    assert spec.max_batch_size > 1
    shoppers, imports = spec.batching.level_queues[Level.INTERACTIVE], spec.batching.queue
    assert shoppers.timeout_us < imports.timeout_us
    assert shoppers.size < imports.size


@BOTH
def test_both_warm_up_every_size_that_can_come(spec: ModelSpec) -> None:
    assert set(spec.warm_up) == set(range(1, spec.max_batch_size + 1))


def test_each_runs_on_its_own_device() -> None:
    gpu, cpu = gpu_spec(FACTS), cpu_spec(FACTS, cores=3)
    assert (gpu.backend, {group.device for group in gpu.instances}) == (Backend.ONNX_RUNTIME, {Device.GPU})
    assert (cpu.backend, [(group.device, group.count) for group in cpu.instances]) == (
        Backend.PYTHON,
        [(Device.CPU, 3)],
    )


def test_imports_have_the_same_model_in_larger_batches_and_give_way() -> None:
    usual = cpu_spec(FACTS)
    searches, imports = with_imports_aside(usual)
    assert searches.parameters == {**usual.parameters, "bulk_model": imports.name}
    assert imports.parameters == {**usual.parameters, "gives_way": "true"}
    assert usual.parameters["gives_way"] == "false"
    assert imports.max_batch_size > searches.max_batch_size == usual.max_batch_size
    same = {"name": usual.name, "parameters": {}, "max_batch_size": 1, "warm_up": ()}
    assert replace(imports, **same) == replace(searches, **same) == replace(usual, **same)
    assert set(imports.warm_up) == set(range(1, imports.max_batch_size + 1))


def test_a_single_core_has_two_instances() -> None:
    assert cpu_spec(FACTS, cores=1).instances == cpu_spec(FACTS, cores=2).instances


def test_engines_are_served_as_their_graph_is_one_for_each_gpu() -> None:
    graph, plans = gpu_spec(FACTS, accelerator=TensorRt("/engines")), {"7.5": "T4.plan", "8.9": "L4.plan"}
    engines = engine_spec(graph, plans, best=8)
    assert (engines.backend, engines.batching.preferred_sizes) == (Backend.TENSORRT, (8,))
    text = ConfigGenerator(engines).to_pbtxt()
    assert 'platform: "tensorrt_plan"' in text
    assert dict(parse_pbtxt(text).plans) == plans
    back = replace(engines.batching, preferred_sizes=())
    assert replace(engines, backend=graph.backend, batching=back, plans={}) == gpu_spec(FACTS)
    with pytest.raises(ValueError, match="plans are TensorRT's"):
        replace(graph, plans=plans)


@BOTH
def test_neither_caches_limits_or_accelerates_unasked(spec: ModelSpec) -> None:
    assert not spec.response_cache
    assert spec.accelerator is None
    assert all(group.rate_limit is None for group in spec.instances)


def test_a_fleet_with_engines_built_ahead_is_accelerated() -> None:
    engines = TensorRt("/engines")
    assert gpu_spec(FACTS, accelerator=engines).accelerator is engines
    with pytest.raises(ValueError, match="accelerators are ONNX Runtime's"):
        replace(gpu_spec(FACTS), backend=Backend.TENSORRT, accelerator=engines)


def test_an_assembled_repository_holds_configuration_code_and_weights(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model.onnx")
    repository = assemble_cpu(model, tmp_path / "repository")
    assert {path.name for path in repository.iterdir()} == {"embedder", "embedder-bulk"}
    for folder in repository.iterdir():
        assert (folder / "1" / "model.onnx").read_bytes() == model.read_bytes()
        assert "class TritonPythonModel" in (folder / "1" / "model.py").read_text(encoding="utf-8")
        spec = parse_pbtxt((folder / "config.pbtxt").read_text(encoding="utf-8"))
        assert spec.name == folder.name
        assert hashlib.sha256(model.read_bytes()).hexdigest()[:12] in spec.parameters["version"]
        assert json.loads(spec.parameters["categories"]) == ["dress", "shirt"]


def test_an_assembled_repository_follows_the_model(tmp_path: Path) -> None:
    repository = assemble_cpu(write_model(tmp_path / "one.onnx"), tmp_path / "repository")
    config = repository / "embedder" / "config.pbtxt"
    before = parse_pbtxt(config.read_text(encoding="utf-8"))
    assemble_cpu(write_model(tmp_path / "two.onnx", categories=("dress", "coat", "hat")), repository)
    after = parse_pbtxt(config.read_text(encoding="utf-8"))
    assert before.parameters["version"] != after.parameters["version"]
    assert after.outputs[1].dims == (3,)


def test_importing_the_command_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module("inference.serving.__main__")
    assert capsys.readouterr().out == ""
