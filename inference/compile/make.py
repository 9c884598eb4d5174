"""From a model and photos to a compiled model and what was measured of it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onnx import ModelProto, helper

from inference.compile.agree import Agreement, agree, embed
from inference.compile.emulate import emulate
from inference.compile.graph import digest, head, properties, to_bytes
from inference.compile.halve import halve
from inference.compile.photos import Rejected, Sample, draw
from inference.compile.quantise import Quantiser
from inference.compile.restore import read_fp32
from inference.compile.scheme import Scheme
from inference.compile.search import Search, search
from inference.compile.toolbox import ort
from lookalike.imaging.prepare import PREPARATION_VERSION

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Amounts:
    """Photos, all different: to calibrate on, to choose layers by, to judge the result by; and the draw's seed."""

    calibrate: int = 200
    choose: int = 64
    judge: int = 128
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Goal:
    """Mean cosine to FP32 to be reached, and how many layers may stay FP32 for it."""

    cosine: float = 0.998
    exclusions: int = 12


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model's bytes, and its report as JSON takes it."""

    content: bytes
    report: dict[str, Any]


def make_fp16(model: Path, photos: Path, amounts: Amounts, tell: Tell) -> Compiled:
    """FP16, judged on `amounts.judge` photos. Raises `ValueError` for a model or photos that cannot be used."""
    source = _read(model)
    (sample,), rejected = _draw(source, photos, [amounts.judge], amounts.seed, tell)
    half = halve(source)
    cosine = agree(emulate(half), sample.pixels, embed(source, sample.pixels))
    more = {"judged_by": _sampled(sample), "rejected": _listed(rejected), "seed": amounts.seed}
    return _report(model, half, cosine, more)


def make_int8(model: Path, photos: Path, amounts: Amounts, tell: Tell, *, scheme: Scheme, goal: Goal) -> Compiled:
    """INT8 but for the layers that it hurts. Raises `ValueError` for a model or photos that cannot be used."""
    source = _read(model)
    counts = [amounts.calibrate, amounts.choose, amounts.judge]
    (calibration, choice, verdict), rejected = _draw(source, photos, counts, amounts.seed, tell)
    tell(f"calibrating on {len(calibration)} photos")
    quantiser = Quantiser(source, calibration.pixels, scheme)
    tell(f"measuring {len(quantiser.layers)} layers on {len(choice)} photos")
    found = search(
        quantiser,
        choice.pixels,
        embed(source, choice.pixels),
        target=goal.cosine,
        most=goal.exclusions,
        tell=tell,
    )
    said = _calibration(scheme, calibration)
    result = quantiser.quantise(found.kept_in_int8, json.dumps(said))
    cosine = agree(result, verdict.pixels, embed(source, verdict.pixels))
    drawn = {
        "judged_by": _sampled(verdict),
        "calibration": said | {"strata": calibration.strata},
        "choice": _sampled(choice),
        "rejected": _listed(rejected),
        "seed": amounts.seed,
    }
    return _report(model, result, cosine, drawn | _searched(found, source, goal))


def _read(path: Path) -> ModelProto:
    model = read_fp32(path)
    prepared = properties(model)["preparation"]
    if prepared != PREPARATION_VERSION:
        raise ValueError(f"{path} takes photos of preparation {prepared}; these tools prepare by {PREPARATION_VERSION}")
    # What is made of it says so: the gate then holds it to agreement with that very file.
    helper.set_model_props(model, properties(model) | {"source_sha256": digest(path.read_bytes())})
    return model


def _draw(
    source: ModelProto, photos: Path, counts: list[int], seed: int, tell: Tell
) -> tuple[list[Sample], list[Rejected]]:
    samples, rejected = draw(photos, int(properties(source)["input_size"]), counts, seed)
    for photo in rejected:
        tell(f"{photo.photo} cannot be used ({photo.code}): another of its category took its place")
    return samples, rejected


def _listed(rejected: list[Rejected]) -> list[dict[str, str]]:
    return [asdict(photo) for photo in rejected]


def _sampled(sample: Sample) -> dict[str, Any]:
    return {"photos": len(sample), "sha256": sample.digest, "strata": sample.strata}


def _calibration(scheme: Scheme, sample: Sample) -> dict[str, Any]:
    return {
        "photos": len(sample),
        "sha256": sample.digest,
        "integers": scheme.integers.value,
        "weight_bits": scheme.weight_bits,
        "method": scheme.method.value,
    }


def _searched(found: Search, source: ModelProto, goal: Goal) -> dict[str, Any]:
    return {
        "target": {**asdict(goal), "reached": found.reached},
        "kept_fp32_always": {"nodes": head(source), "reason": "one vector a photo: no time to win, all to lose"},
        "excluded": [asdict(loss) for loss in found.excluded],
        "steps": [{"layers_in_fp32": number, **asdict(step.agreement)} for number, step in enumerate(found.steps)],
        "losses": [asdict(loss) for loss in found.losses],
    }


def _report(path: Path, result: ModelProto, cosine: Agreement, more: dict[str, Any]) -> Compiled:
    content, before = to_bytes(result), path.read_bytes()
    report = {
        "precision": properties(result)["precision"],
        "source": {"sha256": digest(before), "bytes": len(before)},
        "compiled": {"sha256": digest(content), "bytes": len(content)},
        "cosine_to_fp32": asdict(cosine),
        "onnxruntime": ort.__version__,
        **more,
    }
    return Compiled(content, report)
