"""The steps of the pod that builds an engine, run as Kubernetes would: a folder is S3, and a script is TensorRT."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inference.compile.tensorrt import Gpu, Precision, Recipe
from infra.components.triton.engine_pod import EnginePodArgs, engine_pod

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="platform: the pod's steps are shell scripts")

GRAPH, ENGINE = "graphs/1.onnx", "engines/1/embedder/1/L4.plan"
AWS = """#!/bin/sh
at() { case $1 in s3://*) echo "$S3/${1#s3://}" ;; *) echo "$1" ;; esac; }
for last; do from=$to to=$last; done
case $2 in
cp) mkdir -p "$(dirname "$(at "$to")")" && cp "$(at "$from")" "$(at "$to")" ;;
list-objects-v2)
  while [ "$1" != --bucket ]; do shift; done
  if [ -e "$S3/$2/$4" ]; then echo 1; else echo 0; fi ;;
esac
"""
BUILT = 'for said; do case $said in --saveEngine=*) echo engine > "${said#*=}" ;; esac; done'
HALF = 'for said; do case $said in --saveEngine=*) printf en > "${said#*=}" ;; esac; done; kill -9 $$'


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    graph = tmp_path / "s3/models" / GRAPH
    graph.parent.mkdir(parents=True)
    graph.write_text("graph")
    return tmp_path / "s3/models"


def run_pod(folder: Path, trtexec: str, aws: str = AWS) -> list[int]:
    """The status of each step that was run: as in Kubernetes, none is after one that failed. Each pod's work is new."""
    args = EnginePodArgs(
        recipe=Recipe(Gpu.L4, Precision.FP16, 224),
        image="tritonserver",
        pools=("baseline",),
        bucket="models",
        graph=GRAPH,
        engine=ENGINE,
        region="eu-west-1",
    )
    work = folder / f"work-{len(list(folder.iterdir()))}"
    work.mkdir()
    for name, script in (("aws", aws), ("trtexec", f"#!/bin/sh\n{trtexec}\n")):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    spec = engine_pod(args)
    statuses: list[int] = []
    for step in (*spec["init_containers"], *spec["containers"]):  # type: ignore[misc]  # no output, all is known
        said = [part.replace("/usr/src/tensorrt/bin", str(folder)) for part in step["command"]]
        command = [part.replace("/scratch", str(work)) for part in said]
        told = {"PATH": f"{folder}:{os.environ['PATH']}", "S3": str(folder / "s3")}
        statuses.append(subprocess.run(command, env=told, check=False, capture_output=True).returncode)
        if statuses[-1]:
            break
    return statuses


def test_an_engine_is_built_and_uploaded(bucket: Path, tmp_path: Path) -> None:
    assert run_pod(tmp_path, BUILT) == [0, 0, 0]
    assert (bucket / ENGINE).read_text() == "engine\n"


def test_where_an_engine_is_nothing_is_done(bucket: Path, tmp_path: Path) -> None:
    (bucket / ENGINE).parent.mkdir(parents=True)
    (bucket / ENGINE).write_text("there")
    assert run_pod(tmp_path, "exit 1") == [0, 0, 0]
    assert (bucket / ENGINE).read_text() == "there"


@pytest.mark.parametrize(("trtexec", "status"), [("exit 3", 3), (HALF, -9)], ids=["fails", "is killed"])
def test_a_build_that_ends_early_leaves_nothing_and_the_next_one_builds(
    bucket: Path, tmp_path: Path, trtexec: str, status: int
) -> None:
    assert run_pod(tmp_path, trtexec) == [0, status]
    assert not (bucket / ENGINE).exists()
    assert run_pod(tmp_path, BUILT) == [0, 0, 0]
    assert (bucket / ENGINE).exists()


def test_a_build_that_leaves_no_engine_is_a_failure(bucket: Path, tmp_path: Path) -> None:
    assert run_pod(tmp_path, "exit 0") == [0, 0, 1]
    assert not (bucket / ENGINE).exists()


def test_without_its_graph_nothing_is_built(bucket: Path, tmp_path: Path) -> None:
    (bucket / GRAPH).unlink()
    assert run_pod(tmp_path, BUILT) == [1]


def test_a_bucket_that_cannot_be_asked_is_not_one_that_has_the_engine(bucket: Path, tmp_path: Path) -> None:
    assert bucket.exists()
    assert run_pod(tmp_path, BUILT, aws="#!/bin/sh\nexit 254\n") == [254]
