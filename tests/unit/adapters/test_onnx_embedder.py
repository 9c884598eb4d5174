import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest

from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.turnstile import Turnstile
from lookalike.errors import CatalogueDamagedError, NotFoundError, OverloadedError
from lookalike.ports.embedder import Priority
from lookalike.testing.onnx_model import write_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "model.onnx", categories=("dress", "shirt", "skirt"))


def test_the_model_tells_about_itself(model: Path) -> None:
    facts = OnnxEmbedder(model, threads=1).facts
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert facts.version == f"toy-{digest[:12]}-p1"
    assert (facts.preparation, facts.input_size) == ("1", 32)
    assert facts.categories == ("dress", "shirt", "skirt")
    assert (facts.similarity_slope, facts.similarity_intercept) == (12.5, -9.0)


def test_other_weights_are_another_version(model: Path, tmp_path: Path) -> None:
    other = write_model(tmp_path / "other.onnx", categories=("dress", "coat"))
    assert OnnxEmbedder(other, threads=1).facts.version != OnnxEmbedder(model, threads=1).facts.version


@pytest.mark.parametrize("max_batch", [1, 4, 32])
def test_batches_give_the_same_as_one_by_one(model: Path, max_batch: int) -> None:
    photos = list(np.random.default_rng(1).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8))
    whole = OnnxEmbedder(model, threads=1).embed_many(photos, Priority.BULK)
    split = OnnxEmbedder(model, threads=1, max_batch=max_batch).embed_many(photos, Priority.BULK)
    for one, other in zip(whole, split, strict=True):
        assert np.allclose(one.embedding.vector, other.embedding.vector, atol=1e-6)


def test_a_model_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"model\.onnx"):
        OnnxEmbedder(tmp_path / "model.onnx")


def test_a_file_cut_short_is_told_as_damaged(model: Path, tmp_path: Path) -> None:
    cut = tmp_path / "model.onnx"
    for share in (0, 0.5, 0.99):
        cut.write_bytes(model.read_bytes()[: int(len(model.read_bytes()) * share)])
        with pytest.raises(CatalogueDamagedError, match=r"model\.onnx is not a usable model"):
            OnnxEmbedder(cut)


@pytest.mark.parametrize("missing", ["name", "preparation", "input_size", "categories", "similarity_slope"])
def test_a_model_that_does_not_tell_about_itself_is_refused(model: Path, tmp_path: Path, missing: str) -> None:
    silent = onnx.load(model)
    kept = {entry.key: entry.value for entry in silent.metadata_props if entry.key != missing}
    del silent.metadata_props[:]
    onnx.helper.set_model_props(silent, kept)
    onnx.save(silent, tmp_path / "model.onnx")
    with pytest.raises(CatalogueDamagedError, match=missing):
        OnnxEmbedder(tmp_path / "model.onnx")


def test_a_model_of_other_dimensions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueDamagedError, match="128"):
        OnnxEmbedder(write_model(tmp_path / "model.onnx", dimensions=128))


def test_many_threads_get_each_their_own(model: Path) -> None:
    embedder = OnnxEmbedder(model, threads=1, max_batch=2)
    photos = list(np.random.default_rng(1).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8))
    alone = [embedder.embed_many([photo], Priority.BULK)[0] for photo in photos]
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(embedder.embed_many, [photo], list(Priority)[n % 2]) for n, photo in enumerate(photos)]
        for one, answer in zip(alone, asked, strict=True):
            assert np.allclose(one.embedding.vector, answer.result()[0].embedding.vector, atol=1e-6)


def wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Row:
    """Threads that queue at a turnstile, one after the other, and note the order in which they come in."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.turnstile = turnstile
        self.order: list[str] = []
        self.threads: list[threading.Thread] = []

    def join(self, name: str, priority: Priority) -> None:
        def come() -> None:
            with self.turnstile.turn(priority):
                self.order.append(name)

        before = len(self.turnstile._changed._waiters)
        self.threads.append(threading.Thread(target=come))
        self.threads[-1].start()
        wait_until(lambda: len(self.turnstile._changed._waiters) > before)

    def finish(self) -> list[str]:
        for thread in self.threads:
            thread.join(10)
        return self.order


def test_shoppers_who_came_later_go_ahead_of_an_import() -> None:
    row = Row(Turnstile(10))
    with row.turnstile.turn(Priority.BULK):
        row.join("import", Priority.BULK)
        row.join("shopper", Priority.INTERACTIVE)
        row.join("another import", Priority.BULK)
        row.join("another shopper", Priority.INTERACTIVE)
    order = row.finish()
    assert set(order[:2]) == {"shopper", "another shopper"}
    assert set(order[2:]) == {"import", "another import"}


def test_where_too_many_shoppers_wait_the_next_is_refused_at_once() -> None:
    row = Row(Turnstile(2))
    with row.turnstile.turn(Priority.BULK):
        row.join("one", Priority.INTERACTIVE)
        row.join("two", Priority.INTERACTIVE)
        with pytest.raises(OverloadedError), row.turnstile.turn(Priority.INTERACTIVE):
            pass
        row.join("import", Priority.BULK)
    assert row.finish()[2] == "import"
    with row.turnstile.turn(Priority.INTERACTIVE):
        pass


def test_an_error_inside_gives_the_turn_on() -> None:
    turnstile = Turnstile(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), turnstile.turn(Priority.BULK):
            raise ZeroDivisionError
