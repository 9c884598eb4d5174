"""`python -m inference.compile --model FP32.onnx --precision fp16|int8|tensorrt --out FILE`: a quicker model.

fp16 and int8 measure against FP32 on `--photos DIR` (`<category>/<photo>`) and write the model. tensorrt builds an
engine from a graph of any precision, for one type of GPU. A report goes beside either, as FILE.json.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from inference.compile.cast_first import cast_first
from inference.compile.graph import digest, properties, read_model, to_bytes
from inference.compile.make import Amounts, Goal, make_fp16, make_int8
from inference.compile.scheme import Integers, Method, Scheme
from inference.compile.tensorrt import Batches, Gpu, MissingError, Precision, Recipe, build


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0; 1 where the goal was not reached or a build failed; 2 for what cannot be done here."""
    options = _parser().parse_args(arguments)
    try:
        return _engine(options) if options.precision == "tensorrt" else _model(options)
    except (ValueError, OSError, MissingError) as error:
        return _fail(2, error)
    except RuntimeError as error:
        return _fail(1, error)


def _fail(status: int, error: Exception) -> int:
    print(f"error: {error}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.compile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="the ONNX file to start from")
    parser.add_argument("--precision", choices=["fp16", "int8", "tensorrt"], required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the model or engine to write")
    _add_photos(parser.add_argument_group("fp16 and int8"))
    _add_integers(parser.add_argument_group("int8"))
    _add_engine(parser.add_argument_group("tensorrt"))
    return parser


def _add_photos(group: Any) -> None:
    default = Amounts()
    group.add_argument("--photos", type=Path, metavar="DIR", help="training photos, never those kept for measuring")
    group.add_argument("--judge", type=int, default=default.judge, help="photos to measure the result on (%(default)s)")
    group.add_argument("--seed", type=int, default=default.seed, help="of the draw (%(default)s)")


def _add_integers(group: Any) -> None:
    amounts, goal, scheme = Amounts(), Goal(), Scheme()
    group.add_argument("--calibrate", type=int, default=amounts.calibrate, help="photos for ranges (%(default)s)")
    group.add_argument("--choose", type=int, default=amounts.choose, help="photos to choose layers by (%(default)s)")
    group.add_argument("--cosine", type=float, default=goal.cosine, help="mean cosine to reach (%(default)s)")
    group.add_argument("--exclusions", type=int, default=goal.exclusions, help="most layers left FP32 (%(default)s)")
    group.add_argument("--integers", type=Integers, choices=list(Integers), default=scheme.integers)
    group.add_argument("--weight-bits", type=int, choices=[7, 8], default=scheme.weight_bits)
    group.add_argument("--method", type=Method, choices=list(Method), default=scheme.method)


def _add_engine(group: Any) -> None:
    batches = Batches()
    group.add_argument("--gpu", type=Gpu, choices=list(Gpu), default=Gpu.L4)
    group.add_argument("--batches", type=int, nargs=3, metavar=("FEWEST", "BEST", "MOST"), default=None)
    group.add_argument("--workspace-mib", type=int, default=2048)
    group.add_argument("--recipe-only", action="store_true", help="write the graph and the recipe; build nothing")
    group.set_defaults(batches=[batches.fewest, batches.best, batches.most])


def _model(options: argparse.Namespace) -> int:
    if options.photos is None:
        raise ValueError(f"{options.precision} needs --photos")
    amounts = Amounts(options.calibrate, options.choose, options.judge, options.seed)
    if options.precision == "fp16":
        compiled = make_fp16(options.model, options.photos, amounts, _tell)
    else:
        scheme = Scheme(options.integers, options.weight_bits, options.method)
        if scheme.saturates:
            _tell("8-bit weights: what is measured here is not what x86 processors without VNNI will give")
        goal = Goal(options.cosine, options.exclusions)
        compiled = make_int8(options.model, options.photos, amounts, _tell, scheme=scheme, goal=goal)
    _write(options.out, compiled.content)
    _write_report(options.out, compiled.report)
    if compiled.report.get("target", {}).get("reached", True):
        return 0
    return _fail(1, RuntimeError(f"mean cosine stayed below {options.cosine} with {options.exclusions} layers in FP32"))


def _engine(options: argparse.Namespace) -> int:
    source = read_model(options.model)
    recipe = Recipe(
        options.gpu,
        Precision(properties(source).get("precision", "fp32")),
        int(properties(source)["input_size"]),
        Batches(*options.batches),
        options.workspace_mib,
    )
    _check_symmetric(source)
    graph = options.out.with_name(options.out.name + ".onnx")
    content = to_bytes(cast_first(source))
    _write(graph, content)
    report = {
        "recipe": recipe.as_dict(),
        "graph": {"sha256": digest(content), "bytes": len(content)},
        "container": recipe.container(graph, options.out),
    }
    _write_report(options.out, report)
    if not options.recipe_only:
        build(recipe, graph, options.out)
    return 0


def _check_symmetric(source: Any) -> None:
    said = properties(source)
    if said.get("precision") != Precision.INT8:
        return
    if json.loads(said.get("calibration", "{}")).get("integers") != Integers.S8S8:
        raise ValueError("TensorRT takes symmetric integers only: compile the model with --integers s8s8")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(path)


def _write_report(beside: Path, report: dict[str, Any]) -> None:
    text = json.dumps(report, indent=2) + "\n"
    _write(beside.with_name(beside.name + ".json"), text.encode())


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
