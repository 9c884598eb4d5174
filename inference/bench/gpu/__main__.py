"""`python -m inference.bench.gpu --model MODEL.onnx [--int8 INT8.onnx]`: the model's speed on this machine's GPU.

FP32, TF32, FP16 and INT8 at each batch size, by every runtime that can be had here, with the answers held beside those
of FP32 on the processor. Writes `gpu.json` and `gpu.md`. Without a GPU it says what it would measure, and ends with 2.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from onnx import ModelProto

from inference.bench.gpu.bring import NAMES, bring
from inference.bench.gpu.driver import gpu
from inference.bench.gpu.measure import Effort
from inference.bench.gpu.photos import drawn_photos
from inference.bench.gpu.survey import Survey
from inference.bench.gpu.table import PROMISED, PUBLISHED, as_json, as_markdown, decision
from inference.bench.gpu.way import Arithmetic, Floats, NotBroughtError, Photos, Way
from inference.compile.graph import digest, properties, read_model
from inference.compile.restore import read_fp32

_PHOTOS = 32
"""Different ones; larger batches hold them several times."""


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0; 1 where nothing could be measured; 2 where there is no GPU, or no such model."""
    options = _parser().parse_args(arguments)
    try:
        models = _models(options.model, options.int8)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    ways, missing = _bring_all(options.ways)
    if not ways:
        print(_would(models, options, missing))
        return 2
    survey = _survey(models, options)
    for way in ways:
        survey.run(way)
        _write(survey, missing, options)  # what is known by then outlives a machine that is taken back
    print(as_markdown(survey.rows))
    print(decision(survey.rows))
    return 0 if survey.rows else 1


def _models(fp32: Path, int8: Path | None) -> dict[Arithmetic, ModelProto]:
    models = dict.fromkeys((Arithmetic.FP32, Arithmetic.TF32, Arithmetic.FP16), read_fp32(fp32))
    if int8 is not None:
        models[Arithmetic.INT8] = read_model(int8)
        if properties(models[Arithmetic.INT8]).get("precision") != "int8":
            raise ValueError(f"{int8} does not say that it is INT8")
    return models


def _bring_all(names: Sequence[str]) -> tuple[list[Way], dict[str, str]]:
    """The ways there are, and why there are not the others."""
    ways, missing = [], {}
    for name in names:
        try:
            ways.append(bring(name))
        except NotBroughtError as error:
            missing[name] = str(error)
            print(f"not brought: {name}: {error}")
    return ways, missing


def _would(models: dict[Arithmetic, ModelProto], options: argparse.Namespace, missing: dict[str, str]) -> str:
    """What would be measured on a machine that had one."""
    kinds = ", ".join(arithmetic.upper() for arithmetic in models)
    without = "" if Arithmetic.INT8 in models else " (INT8 too, with --int8 FILE)"
    promised = "; ".join(
        f"{arithmetic.upper()} {promise.rate:,.0f} img/s, {promise.latency_ms} ms"
        for arithmetic, promise in PROMISED.items()
    )
    return "\n".join(
        [
            "nothing was measured. With a GPU this would measure:",
            f"  {options.model} in {kinds}{without}",
            f"  at batches of {', '.join(map(str, options.batches))}, by whichever there is of {', '.join(missing)}",
            "  img/s, latency, mean cosine to FP32 on the processor; whether INT8 beats FP16",
            f"  beside what was promised ({promised}) and published (FP16 {PUBLISHED:,.0f} img/s)",
        ]
    )


def _survey(models: dict[Arithmetic, ModelProto], options: argparse.Namespace) -> Survey:
    model = models[Arithmetic.FP32]
    photos = drawn_photos(min(_PHOTOS, max(options.batches)), int(properties(model)["input_size"]))
    effort = Effort(runs=options.runs, repeats=options.repeats)
    until = time.monotonic() + options.limit
    return Survey(models, photos, _expected(model, photos), options.batches, effort, until)


def _expected(model: ModelProto, photos: Photos) -> Floats:
    """FP32 on the processor: by ONNX Runtime, else, where there is none, by PyTorch."""
    try:
        found: Floats = import_module("inference.compile.agree").embed(model, photos)
    except ImportError:
        found = import_module("inference.bench.gpu.in_torch").embed(model, photos)
    return found


def _write(survey: Survey, missing: dict[str, str], options: argparse.Namespace) -> None:
    found: dict[str, Any] = {
        "gpu": gpu(),
        "model_sha256": digest(options.model.read_bytes()),
        **as_json(survey.rows),
        "not_brought": missing,
        "not_measured": survey.not_measured,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "gpu.json").write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (options.out / "gpu.md").write_text(as_markdown(survey.rows), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.bench.gpu", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the FP32 model")
    parser.add_argument("--int8", type=Path, help="the same in INT8, of symmetric integers (s8s8)")
    parser.add_argument("--batches", type=_sizes, default=tuple(2**n for n in range(9)), help="default 1,2,4,...,256")
    parser.add_argument("--ways", type=_names, default=NAMES, help=f"default {','.join(NAMES)}")
    parser.add_argument("--runs", type=_count, default=50, help="batches timed together (default 50)")
    parser.add_argument("--repeats", type=_count, default=7, help="of which the median counts (default 7)")
    parser.add_argument("--limit", type=float, default=480.0, help="seconds after which nothing is begun (default 480)")
    parser.add_argument("--out", type=Path, default=Path("build/gpu"), help="folder of gpu.json and gpu.md")
    return parser


def _count(text: str) -> int:
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, is {value}")
    return value


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_count(part) for part in text.split(",")}))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(NAMES):
        raise argparse.ArgumentTypeError(f"must be of {', '.join(NAMES)}, is {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
