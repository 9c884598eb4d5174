"""A candidate that is broken on purpose is refused, and for the right reason."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from gate_models import (
    COLOURS,
    Spoil,
    among_others,
    badly_scaled,
    blue_green_red,
    colour_model,
    half_as_wide,
    not_numbers,
    one_at_a_time,
    says,
    scaled,
    temperature,
    write,
)

from inference.gate.criteria import Criteria
from inference.gate.examine import Examination
from inference.gate.verdict import Verdict
from lookalike.errors import InvalidRequestError

BROKEN: dict[str, tuple[Spoil, set[str]]] = {
    "bgr": (blue_green_red, {"accuracy_loss"}),
    "stale-preparation": (says(preparation="0"), {"preparation"}),
    "no-preparation": (says(preparation=None), {"readable"}),
    "int8-scale-too-small": (badly_scaled(0.1), {"parity_mean_cosine", "accuracy_loss"}),
    "int8-scale-too-large": (badly_scaled(60), {"parity_mean_cosine", "accuracy_loss"}),
    "too-hot": (temperature(0.1), {"ece_rise"}),
    "too-cold": (temperature(40), {"ece_rise"}),
    "categories-permuted": (says(categories=json.dumps(COLOURS[::-1])), {"accuracy_loss", "ece_rise"}),
    "category-gone": (says(categories=json.dumps(("blue", "green", "grey"))), {"categories", "accuracy_loss"}),
    "category-twice": (says(categories=json.dumps(("blue", "red", "red"))), {"categories"}),
    "confidence-falls": (says(similarity_slope="-12.5"), {"similarity"}),
    "confidence-nan": (says(similarity_slope="nan"), {"similarity"}),
    "batch-dependent": (among_others, {"batch_cosine"}),
    "nan": (not_numbers, {"finite", "accuracy_loss", "unit_length_error", "batch_cosine"}),
    "infinite": (scaled("EMBEDDING", float("inf")), {"finite", "unit_length_error", "map_loss"}),
    "not-unit": (scaled("EMBEDDING", 1.01), {"unit_length_error"}),
    "no-probabilities": (scaled("CATEGORY", 1.01), {"probability_error"}),
    "fixed-batch": (one_at_a_time, {"shapes", "batch_sizes"}),
    "128-dimensions": (half_as_wide, {"readable"}),
}


@pytest.fixture
def examination(colour_photos: Path) -> Examination:
    return Examination(colour_photos, None, lambda *_: nullcontext(lambda *_: None), rounds=1)


ALWAYS = Criteria()


def judged(examination: Examination, current: Path, candidate: Path, criteria: Criteria = ALWAYS) -> Verdict:
    return examination(candidate, current, criteria)


@pytest.mark.parametrize(("spoil", "reasons"), BROKEN.values(), ids=BROKEN)
def test_a_broken_candidate_is_refused_for_what_is_broken(
    examination: Examination, current: Path, tmp_path: Path, spoil: Spoil, reasons: set[str]
) -> None:
    verdict = judged(examination, current, write(colour_model(), tmp_path / "broken.onnx", spoil))
    assert not verdict.passed
    assert reasons <= set(verdict.failed)


def test_the_current_model_passes_against_itself_and_every_measure_agrees(
    examination: Examination, current: Path
) -> None:
    verdict = judged(examination, current, current)
    assert (verdict.passed, verdict.failed) == (True, ())
    assert verdict.candidate.quality == verdict.current.quality
    assert verdict.candidate.quality is not None
    assert 0.7 < verdict.candidate.quality.accuracy.value < 1
    assert verdict.comparison is not None
    assert verdict.comparison.parity is not None
    assert verdict.comparison.parity.min == 1
    assert "parity_mean_cosine" in {outcome.name for outcome in verdict.criteria}


def test_a_better_model_passes_without_parity_and_fails_with_it(
    examination: Examination, current: Path, tmp_path: Path
) -> None:
    worse = write(colour_model(), tmp_path / "worse.onnx", blue_green_red)
    assert judged(examination, worse, current).passed
    assert judged(examination, worse, current, Criteria(parity=True)).failed == ("parity_mean_cosine",)


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({}, False),
        ({"precision": "fp32"}, False),
        ({"precision": "int8"}, True),
        ({"precision": "int8", "source_sha256": "0" * 64}, False),
        ({"source_sha256": "current"}, True),
    ],
    ids=["nothing", "fp32", "int8", "int8-of-another", "of-current"],
)
def test_whoever_claims_to_be_the_same_model_is_held_to_parity(
    examination: Examination, current: Path, tmp_path: Path, said: dict[str, str], held: bool
) -> None:
    digest = judged(examination, current, current).current.sha256
    said = {key: digest if value == "current" else value for key, value in said.items()}
    candidate = write(colour_model(), tmp_path / "candidate.onnx", says(origin="other bytes", **said))
    names = {outcome.name for outcome in judged(examination, current, candidate).criteria}
    assert ("parity_mean_cosine" in names) is held


def test_size_and_speed_are_limits_only_where_asked_for(examination: Examination, current: Path) -> None:
    asked = Criteria(max_size_mb=0.001, min_speed_ratio=1000)
    assert set(judged(examination, current, current, asked).failed) == {
        "size_mb",
        "speed_ratio_alone",
        "speed_ratio_in_8",
    }
    assert judged(examination, current, current, Criteria(max_size_mb=1, min_speed_ratio=0.001)).passed


def test_a_catalogue_is_searched_instead_of_each_other(colour_photos: Path, current: Path) -> None:
    searching = Examination(colour_photos, colour_photos, lambda *_: nullcontext(lambda *_: None), rounds=1)
    verdict = judged(searching, current, current)
    assert verdict.catalogue is not None
    assert verdict.catalogue == verdict.photos
    assert verdict.photos.photos == 36


def test_the_digest_names_the_photos(examination: Examination, current: Path, colour_photos: Path) -> None:
    before = judged(examination, current, current).photos
    again = judged(examination, current, current).photos
    extra = colour_photos / "red" / "extra.png"
    extra.write_bytes((colour_photos / "red" / "0.png").read_bytes())
    try:
        after = judged(examination, current, current).photos
    finally:
        extra.unlink()
    assert before == again
    assert (after.photos, after.sha256 != before.sha256) == (before.photos + 1, True)


def test_a_current_model_that_is_broken_itself_judges_nobody(
    examination: Examination, current: Path, tmp_path: Path
) -> None:
    for spoil in (says(preparation="0"), says(preparation=None), one_at_a_time):
        broken = write(colour_model(), tmp_path / "broken.onnx", spoil)
        with pytest.raises(InvalidRequestError, match="current"):
            judged(examination, broken, current)


def test_photos_of_a_category_that_no_model_knows_are_refused(examination: Examination, tmp_path: Path) -> None:
    other = write(colour_model(), tmp_path / "other.onnx", says(categories=json.dumps(("blue", "green", "grey"))))
    with pytest.raises(InvalidRequestError, match="no model knows the category red"):
        judged(examination, other, other)
