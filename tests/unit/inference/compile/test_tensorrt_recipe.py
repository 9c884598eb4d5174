import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto

from inference.compile.agree import embed
from inference.compile.cast_first import cast_first
from inference.compile.graph import to_bytes
from inference.compile.tensorrt import Batches, Gpu, MissingError, Precision, Recipe, build

RECIPE = Recipe(Gpu.L4, Precision.FP16, 224, Batches(1, 8, 32), workspace_mib=1024)
ENGINE, GRAPH = Path("model.plan"), Path("model.plan.onnx")
BUILT = """#!/bin/sh
for argument; do case $argument in --saveEngine=*) echo "$@" > "${argument#--saveEngine=}";; esac; done
"""


def test_the_command_says_all_of_the_recipe() -> None:
    assert RECIPE.arguments(GRAPH, ENGINE) == [
        "--onnx=model.plan.onnx",
        "--saveEngine=model.plan",
        "--minShapes=PHOTO:1x224x224x3",
        "--optShapes=PHOTO:8x224x224x3",
        "--maxShapes=PHOTO:32x224x224x3",
        "--memPoolSize=workspace:1024",
        "--stronglyTyped",
        "--noTF32",
        "--skipInference",
    ]


def test_a_container_runs_the_same_on_one_gpu() -> None:
    assert RECIPE.container(GRAPH, ENGINE) == {
        "command": ["trtexec"],
        "args": RECIPE.arguments(GRAPH, ENGINE),
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
    }
    assert RECIPE.container(GRAPH, ENGINE, "/opt/trtexec")["command"] == ["/opt/trtexec"]


@pytest.mark.parametrize("sizes", [(0, 1, 2), (2, 1, 3), (1, 3, 2)])
def test_batches_out_of_order_are_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="in order and at least 1"):
        Batches(*sizes)


@pytest.mark.parametrize(("side", "workspace"), [(0, 1), (224, 0), (-1, 5)])
def test_sizes_that_cannot_be_are_refused(side: int, workspace: int) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        Recipe(Gpu.T4, Precision.FP32, side, workspace_mib=workspace)


@pytest.mark.parametrize(
    ("gpu", "name", "same"),
    [
        (Gpu.A100, "NVIDIA A100-SXM4-40GB", True),
        (Gpu.T4, "Tesla T4", True),
        (Gpu.L4, "NVIDIA L4", True),
        (Gpu.L4, "NVIDIA L40S", False),
        (Gpu.H100, "NVIDIA H100 80GB HBM3", True),
        (Gpu.A10G, "NVIDIA A100-SXM4-40GB", False),
    ],
)
def test_a_gpu_is_known_by_the_drivers_name(gpu: Gpu, name: str, same: bool) -> None:
    assert gpu.is_shown_as(name) is same


def test_every_type_has_a_compute_capability_and_only_two_share_one() -> None:
    shared = [gpu for gpu in Gpu if [other.compute_capability for other in Gpu].count(gpu.compute_capability) > 1]
    assert shared == [Gpu.L4, Gpu.L40S]


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


posix = pytest.mark.skipif(sys.platform == "win32", reason="platform: the stand-ins are shell scripts")


def test_without_tensorrt_the_message_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="trtexec is not on the PATH"):
        build(RECIPE, tmp_path / GRAPH, tmp_path / ENGINE)


@posix
@pytest.mark.parametrize(
    ("driver", "found"),
    [(None, "none"), ("echo NVIDIA T4", "NVIDIA T4")],
    ids=["no driver", "another GPU"],
)
def test_on_another_gpu_nothing_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: str | None, found: str
) -> None:
    put(tmp_path, "trtexec", BUILT)
    if driver:
        put(tmp_path, "nvidia-smi", f"#!/bin/sh\n{driver}\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match=f"for the type L4; this machine's first GPU is {found}$"):
        build(RECIPE, tmp_path / GRAPH, tmp_path / ENGINE)
    assert not (tmp_path / ENGINE).exists()


@posix
def test_where_all_is_there_the_recipe_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "trtexec", BUILT)
    put(tmp_path, "nvidia-smi", "#!/bin/sh\necho NVIDIA L4\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    build(RECIPE, tmp_path / GRAPH, tmp_path / ENGINE)
    assert (tmp_path / ENGINE).read_text().split() == RECIPE.arguments(tmp_path / GRAPH, tmp_path / ENGINE)


@posix
@pytest.mark.parametrize("script", ["exit 3", "exit 0"])
def test_a_build_that_leaves_no_engine_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    put(tmp_path, "trtexec", f"#!/bin/sh\n{script}\n")
    put(tmp_path, "nvidia-smi", "#!/bin/sh\necho NVIDIA L4\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=rf"trtexec ended with status {script[-1]}"):
        build(RECIPE, tmp_path / GRAPH, tmp_path / ENGINE)


def test_pixels_are_cast_first_and_answers_stay(toy: ModelProto, pixels: np.ndarray) -> None:
    turned = cast_first(toy)
    assert [(node.op_type, *node.input) for node in turned.graph.node[:2]] == [
        ("Cast", "PHOTO"),
        ("Transpose", "planes"),
    ]
    to_bytes(turned)
    np.testing.assert_array_equal(embed(turned, pixels), embed(toy, pixels))
    assert cast_first(turned) == turned


def test_a_graph_that_does_more_with_pixels_is_refused(toy: ModelProto) -> None:
    toy.graph.node[0].op_type = "Identity"
    with pytest.raises(ValueError, match="into a cast only"):
        cast_first(toy)
