"""Blends of two photos say how much of each they are, and leave the rest alone."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")

from hypothesis import given, settings  # noqa: E402 (with the others)
from hypothesis import strategies as st  # noqa: E402 (with the others)
from torch.nn.functional import one_hot  # noqa: E402 (needs torch)

from inference.train.mix import Mixed, mix  # noqa: E402 (needs torch)

CATEGORIES = 3
batches = st.lists(st.integers(0, CATEGORIES - 1), min_size=1, max_size=9).map(torch.tensor)
probabilities = st.floats(0.01, 1)
seeds = st.integers(0, 2**32)


def pure(count: int) -> torch.Tensor:
    """Photos of a channel each, so that a blend's channels tell what it is made of."""
    return torch.eye(count)[:, :, None, None].expand(count, count, 2, 2)


def seeded(labels: torch.Tensor, probability: float, seed: int) -> Mixed:
    return mix(pure(len(labels)), labels, CATEGORIES, probability, torch.Generator().manual_seed(seed))


@settings(deadline=None)
@given(labels=batches, probability=probabilities, seed=seeds)
def test_a_photo_is_of_its_categories_by_as_much_as_it_shows_of_them(
    labels: torch.Tensor, probability: float, seed: int
) -> None:
    mixed = seeded(labels, probability, seed)
    parts = mixed.photos[:, :, 0, 0]
    torch.testing.assert_close(mixed.photos, parts[:, :, None, None].expand_as(mixed.photos))
    torch.testing.assert_close(mixed.categories, parts @ one_hot(labels, CATEGORIES).float())
    torch.testing.assert_close(mixed.categories.sum(dim=1), torch.ones(len(labels)))


@settings(deadline=None)
@given(labels=batches, probability=probabilities, seed=seeds)
def test_a_photo_is_at_least_half_of_its_blend_and_the_rest_is_its_neighbour(
    labels: torch.Tensor, probability: float, seed: int
) -> None:
    parts = seeded(labels, probability, seed).photos[:, :, 0, 0]
    own = torch.eye(len(labels))
    others = own.roll(1, dims=0)
    assert (parts.diagonal() >= 0.5).all()
    assert (parts[(own + others) == 0] == 0).all()


@settings(deadline=None)
@given(labels=batches, probability=probabilities, seed=seeds)
def test_whole_ones_are_what_they_were(labels: torch.Tensor, probability: float, seed: int) -> None:
    mixed = seeded(labels, probability, seed)
    assert torch.equal(mixed.photos[mixed.whole], pure(len(labels))[mixed.whole])
    assert torch.equal(mixed.categories[mixed.whole], one_hot(labels, CATEGORIES).float()[mixed.whole])


@settings(deadline=None)
@given(labels=batches, seed=seeds)
def test_without_a_chance_of_it_nothing_is_blended_and_nothing_is_drawn(labels: torch.Tensor, seed: int) -> None:
    random, untouched = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    mixed = mix(pure(len(labels)), labels, CATEGORIES, 0.0, random)
    assert mixed.whole.all()
    assert torch.equal(mixed.photos, pure(len(labels)))
    assert torch.equal(mixed.categories, one_hot(labels, CATEGORIES).float())
    assert torch.equal(random.get_state(), untouched.get_state())


def test_as_many_are_blended_as_asked_for_by_anything_from_nothing_to_half() -> None:
    labels = torch.zeros(4000, dtype=torch.long)
    photos = torch.zeros(4000, 1, 1, 1)
    photos[::2] = 1  # each lies beside one of the other kind
    mixed = mix(photos, labels, CATEGORIES, 0.3, torch.Generator().manual_seed(1))
    blended = ~mixed.whole
    assert blended.float().mean().item() == pytest.approx(0.3, abs=0.03)
    others = (mixed.photos - photos).abs()[blended].flatten()
    quarters = torch.tensor([0.25, 0.5, 0.75])
    torch.testing.assert_close(others.quantile(quarters), quarters / 2, atol=0.03, rtol=0)
    assert mixed.photos.shape == photos.shape


def test_the_same_seed_gives_the_same_blends_and_another_gives_others() -> None:
    labels = torch.arange(9) % CATEGORIES
    assert torch.equal(seeded(labels, 0.8, 1).photos, seeded(labels, 0.8, 1).photos)
    assert not torch.equal(seeded(labels, 0.8, 1).photos, seeded(labels, 0.8, 2).photos)
