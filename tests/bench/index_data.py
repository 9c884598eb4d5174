"""Vectors shaped like a catalogue's embeddings, queries for them, filters, and the exact answers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

DIMENSIONS = 256
CATEGORIES, CLUSTERS = 40, 2_000
# How far clusters stand from their category's centre, and photos from their cluster's. The local intrinsic
# dimension (maximum likelihood over 100 neighbours) of 200,000 is then about 15: somewhat harder than what is published
# for deep features of images (Li et al., TKDE 2020: ImageNet 11.6, Deep1B 12.1) and easier than GloVe's words (20.0).
_CLUSTER_SPREAD, _PHOTO_SPREAD = 0.55, 0.65


SHARES = (0.5, 0.1, 0.01, 0.001)


@dataclass(frozen=True)
class Dataset:
    """`count` unit vectors [n, 256], queries [q, 256] drawn alike, and which of `labels` [m] each photo `has` [m, n].

    The labels are the 40 categories, by whose looks the photos differ, and four shares of all, drawn at random.
    """

    vectors: Vectors
    queries: Vectors
    labels: tuple[str, ...]
    has: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Chosen:
    """A filter: photos with any of these labels (where there are some) and all of those; the same as a mask [n]."""

    any_of: tuple[str, ...]
    all_of: tuple[str, ...]
    mask: Mask


def make(count: int, queries: int, seed: int = 7) -> Dataset:
    """A mixture of 2,000 Gaussians in 40 groups on the sphere, of uneven sizes and few effective dimensions.

    The spectrum falls as 1/sqrt(i), as that of a trained embedder does: isotropic noise in 256 dimensions would
    make all distances alike and neighbours a matter of chance.
    """
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((DIMENSIONS, DIMENSIONS)))
    spectrum = np.arange(1, DIMENSIONS + 1) ** -0.5
    axes = (spectrum / np.linalg.norm(spectrum))[:, None] * basis

    def noise(rows: int) -> Vectors:
        return (rng.standard_normal((rows, DIMENSIONS)) @ axes).astype(np.float32)

    category = rng.integers(CATEGORIES, size=CLUSTERS)
    centres = noise(CATEGORIES)[category] + _CLUSTER_SPREAD * noise(CLUSTERS)
    weights = rng.lognormal(sigma=0.7, size=CLUSTERS)

    def draw(rows: int) -> tuple[Vectors, npt.NDArray[np.int64]]:
        clusters = rng.choice(CLUSTERS, size=rows, p=weights / weights.sum())
        points = centres[clusters] + _PHOTO_SPREAD * noise(rows)
        return points / np.linalg.norm(points, axis=1, keepdims=True), category[clusters]

    vectors, categories = draw(count)
    luck = rng.random(count)
    has = [categories == number for number in range(CATEGORIES)] + [luck < share for share in SHARES]
    labels = [f"category:c{number}" for number in range(CATEGORIES)] + [f"share:{share}" for share in SHARES]
    return Dataset(vectors, draw(queries)[0], tuple(labels), np.array(has))


def choose_random(data: Dataset, share: float) -> Chosen:
    """A filter that has nothing to do with looks and lets `share` (one of `SHARES`) of all photos pass."""
    label = f"share:{share}"
    return Chosen((), (label,), data.has[data.labels.index(label)])


def choose_adverse(data: Dataset, query: Vectors, share: float) -> Chosen:
    """A filter that holds nothing near the query: about `share` of all photos, in the categories least like it."""
    sums = data.has[:CATEGORIES].astype(np.float32) @ data.vectors
    far = np.argsort(sums @ query / np.linalg.norm(sums, axis=1))
    sizes = np.cumsum(data.has[far].sum(axis=1)) / len(data.vectors)
    categories = far[: int(np.searchsorted(sizes, max(share, 0.1))) + 1]
    mask = data.has[categories].any(axis=0)
    labels = tuple(data.labels[number] for number in categories)
    if share >= 0.1:
        return Chosen(labels, (), mask)
    within = choose_random(data, share * 10)
    return Chosen(labels, within.all_of, mask & within.mask)


def exact(vectors: Vectors, query: Vectors, k: int, rows: Rows | None = None) -> Rows:
    """The k nearest rows by comparing with every one (of `rows`): what approximate search is measured against."""
    scores = (vectors if rows is None else vectors[rows]) @ query
    k = min(k, len(scores))
    best = np.argpartition(scores, len(scores) - k)[len(scores) - k :]
    best = best[np.argsort(-scores[best], kind="stable")]
    return best if rows is None else rows[best]


def recall(found: Rows, wanted: Rows) -> float:
    """Share of the wanted rows that were found, in [0, 1]."""
    return len(np.intersect1d(found, wanted)) / max(1, len(wanted))
