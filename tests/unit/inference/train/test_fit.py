"""Training learns, can be interrupted, and hands on what it learned. Runs where the training extra is installed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")

from small_run import small, squares_and_stripes  # noqa: E402 (with the others)

from inference.measure.metrics import accuracy  # noqa: E402 (with the others)
from inference.train.__main__ import Parts, finish, train  # noqa: E402 (needs torch)
from inference.train.fit import fit  # noqa: E402 (needs torch)
from inference.train.likeness import look_alikes  # noqa: E402 (needs torch)
from inference.train.network import Embedder  # noqa: E402 (needs torch)
from inference.train.run import Run  # noqa: E402 (needs torch)
from inference.train.see import see  # noqa: E402 (needs torch)

torch.set_num_threads(1)  # several add up in an order of their own


def parts(count: int) -> Parts:
    training, aside = squares_and_stripes(count, 1), squares_and_stripes(16, 2)
    return Parts(training, aside, training)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run that tells squares from stripes."""
    config = small("alone", epochs=10)
    run = Run(tmp_path_factory.mktemp("teacher"))
    train(config, parts(64), run)
    finish(config, parts(64), run)
    return run


def test_a_few_steps_learn_two_shapes_and_leave_the_averaged_weights(teacher: Run) -> None:
    unseen = squares_and_stripes(32, 3)
    assert accuracy(see(teacher.network(), unseen).scores, unseen.labels) > 0.85
    assert [epoch["size"] for epoch in teacher.history] == [64] * 10


def test_a_report_tells_figures_curves_and_confusions(teacher: Run) -> None:
    report = json.loads((teacher.folder / "report.json").read_text(encoding="utf-8"))
    figures = report["figures"]
    assert figures["kept_map"] == pytest.approx(figures["map"] / figures["features_map"])
    assert np.sum(report["confusions"]) == 16
    page = (teacher.folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<polyline") == 3
    assert page.count("data:image/jpeg") >= 16 * 9, "each query with its eight neighbours"


def test_finishing_shows_each_photo_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, run = small("alone", epochs=1), Run(tmp_path)
    train(config, parts(32), run)
    shown: list[int] = []
    deeper = Embedder.deeper

    def spy(network: Embedder, first: torch.Tensor) -> torch.Tensor:
        shown.append(len(first))
        return deeper(network, first)

    monkeypatch.setattr(Embedder, "deeper", spy)
    finish(config, parts(32), run)
    assert sum(shown) == 32 + 16, "the training photos, and those kept aside"


def test_an_interrupted_run_ends_as_it_would_have_uninterrupted(tmp_path: Path) -> None:
    config = small("alone", epochs=3)
    whole, halved = Run(tmp_path / "whole"), Run(tmp_path / "halved")
    train(config, parts(32), whole)

    class KilledError(Exception):
        """In place of a power cut."""

    def cut(_: Embedder) -> dict[str, float]:
        if halved.resumed():
            raise KilledError
        return {}

    torch.manual_seed(config.seed)
    network = Embedder(2, config.network).to(memory_format=torch.channels_last)
    photos = parts(32).training
    alike = look_alikes(network, photos, config.loss)
    halved.begin(config, photos.categories)
    with pytest.raises(KilledError):
        fit(network, photos, alike, config, run=halved, report=cut)
    train(config, parts(32), halved, resume=True)
    expected, found = whole.network().state_dict(), halved.network().state_dict()
    for name, weights in expected.items():
        torch.testing.assert_close(found[name], weights, rtol=0, atol=0, msg=f"{name} differs")
    assert [e["loss"] for e in halved.history] == [e["loss"] for e in whole.history]


def test_bfloat16_is_taken_where_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.dtype] = []
    embed = Embedder.embed

    def spy(network: Embedder, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append(features.dtype)
        return embed(network, features)

    monkeypatch.setattr(Embedder, "embed", spy)
    run = Run(tmp_path)
    train(small("alone", epochs=2, precision="bfloat16"), parts(32), run)
    assert {torch.bfloat16, torch.float32} == set(seen), "the first in training, the second in measuring"
    assert run.history[1]["loss"] < run.history[0]["loss"] + 1


def test_a_run_is_not_resumed_under_another_configuration(teacher: Run) -> None:
    with pytest.raises(ValueError, match="another configuration"):
        train(small("alone", epochs=11), parts(64), teacher, resume=True)


def test_a_student_learns_from_noisy_labels_what_its_teacher_sees(teacher: Run, tmp_path: Path) -> None:
    """Labels say nothing here: what the student knows, and where it puts it, is the teacher's."""
    whole = small("embedder-lite", epochs=8, network=teacher.config.network)
    how = whole.distillation.model_copy(
        update={"teachers": (teacher.folder,), "size": None, "category_weight": 1.0, "embedding_weight": 10.0}
    )
    student = Run(tmp_path)
    photos = parts(64)
    shuffled = np.random.default_rng(4).permutation(photos.training.labels)
    unlabelled = replace(photos.training, labels=shuffled)
    config = whole.model_copy(update={"distillation": how})
    train(config, Parts(unlabelled, photos.aside, photos.known), student)
    unseen = squares_and_stripes(32, 5)
    taught, told = see(student.network(), unseen), see(teacher.network(), unseen)
    assert accuracy(taught.scores, unseen.labels) > 0.85, "labels were noise: only the teacher can have told"
    assert (taught.embeddings * told.embeddings).sum(axis=1).mean() > 0.3, "far apart after 32 steps"
    finish(config, photos, student)
    figures = json.loads((student.folder / "report.json").read_text(encoding="utf-8"))["figures"]
    assert figures["in_teachers_catalogue_map"] > 0.8, "a photo seen by the one is found among those seen by the other"
    torch.testing.assert_close(student.network().prototypes, teacher.network().prototypes)


def test_a_run_can_go_on_from_anothers_weights_but_not_from_another_networks(teacher: Run, tmp_path: Path) -> None:
    config = small("alone", epochs=1, start_from=teacher.folder)
    begun = Run(tmp_path / "begun")
    train(config, parts(32), begun)
    unseen = squares_and_stripes(32, 3)
    assert accuracy(see(begun.network(), unseen).scores, unseen.labels) > 0.85, "two steps alone would not do"
    wider = config.network.model_copy(update={"dimensions": 128})
    with pytest.raises(ValueError, match="dimensions=256"):
        train(config.model_copy(update={"network": wider}), parts(32), Run(tmp_path / "wider"))
