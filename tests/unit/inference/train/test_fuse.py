"""A finished vector says colours beside what was learned. Runs where the training extra is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")

from small_run import small, squares_and_stripes  # noqa: E402 (with the others)

from inference.measure.colour import colour_signatures  # noqa: E402 (with the others)
from inference.train.config import Colour  # noqa: E402 (needs torch)
from inference.train.fuse import as_tensors, fuse, read_parts  # noqa: E402 (needs torch)
from inference.train.fused import Fused, Parts, centre  # noqa: E402 (needs torch)
from inference.train.network import Embedder  # noqa: E402 (needs torch)
from inference.train.see import look, see, see_in  # noqa: E402 (needs torch)

HOW = Colour(share=0.1, dimensions=32)
KNOWN, UNSEEN = squares_and_stripes(96, 1), squares_and_stripes(48, 2)


@pytest.fixture(scope="module")
def network() -> Embedder:
    torch.manual_seed(3)
    return Embedder(2, small("alone", epochs=1).network).eval()


@pytest.fixture(scope="module")
def parts(network: Embedder) -> Parts:
    return fuse(look(network, KNOWN), KNOWN.pixels, HOW)


def test_vectors_are_unit_as_long_as_before_and_a_tenth_of_a_cosine_is_colour(network: Embedder, parts: Parts) -> None:
    vectors = see(Fused(network, parts), UNSEEN).embeddings
    assert vectors.shape == (48, 256)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose((vectors[:, 224:] ** 2).sum(axis=1), 0.1, atol=1e-5)


def test_what_was_seen_once_suffices_for_what_the_finished_network_says(network: Embedder, parts: Parts) -> None:
    fused = Fused(network, parts)
    once, again = see_in(look(network, KNOWN), fused, KNOWN), see(fused, KNOWN)
    np.testing.assert_allclose(once.embeddings, again.embeddings, atol=1e-5)
    np.testing.assert_allclose(once.scores, again.scores, atol=1e-5)
    np.testing.assert_array_equal(once.labels, KNOWN.labels)


def test_categories_are_told_as_before(network: Embedder, parts: Parts) -> None:
    before, after = see(network, UNSEEN), see(Fused(network, parts), UNSEEN)
    agreed = (before.scores.argmax(axis=1) == after.scores.argmax(axis=1)).mean()
    assert agreed > 0.9, "only the weakest axes are given up"


def test_photos_of_like_colours_lie_closer_in_the_part_that_says_colours(network: Embedder, parts: Parts) -> None:
    colours = see(Fused(network, parts), UNSEEN).embeddings[:, 224:]
    signatures = colour_signatures(UNSEEN.pixels)
    others = ~np.eye(len(colours), dtype=bool)
    agreement = np.corrcoef((colours @ colours.T)[others], (signatures @ signatures.T)[others])[0, 1]
    assert agreement > 0.5


def test_another_network_ends_in_the_same_space(network: Embedder, parts: Parts) -> None:
    """Only the reading of its own first layer differs: one photo's colours lie in one place."""
    torch.manual_seed(4)
    other = Embedder(2, network_shape := small("embedder", epochs=1).network).eval()
    assert network_shape.backbone == "lite2"
    like = fuse(look(other, KNOWN), KNOWN.pixels, HOW, like=parts)
    torch.testing.assert_close(like.basis, parts.basis)
    ours, theirs = (see(Fused(n, p), UNSEEN).embeddings[:, 224:] for n, p in ((network, parts), (other, like)))
    same = np.diag(ours @ theirs.T).mean() / HOW.share
    assert same > 0.5
    assert same > (ours @ theirs.T).mean() / HOW.share + 0.3


def test_parts_survive_a_file(parts: Parts, tmp_path: Path) -> None:
    torch.save(as_tensors(parts), tmp_path / "parts.pt")
    read = read_parts(torch.load(tmp_path / "parts.pt", weights_only=True))
    assert read.share == parts.share
    for name, tensor in vars(replace(read, share=0.0)).items():
        if name != "share":
            torch.testing.assert_close(tensor, vars(parts)[name], rtol=0, atol=0)


def test_colours_are_read_by_weights_that_integers_can_stand(parts: Parts) -> None:
    """A channel that hardly varies must not be blown up."""
    assert parts.colours.abs().max() < 10


def test_the_middle_counts_most_and_all_of_it_once() -> None:
    weights = centre(40)
    assert weights.mean().item() == pytest.approx(1)
    assert weights[20, 20] == weights.max()
    assert weights[10:30, 10:30].sum() > 0.75 * weights.sum()
