"""How fast two models are beside each other: they take turns, so that whatever slows the machine slows both."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.gate.contract import made_up_pictures
from inference.gate.model import Model

_BATCH: Final = 8


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds a call [rounds] of one model: on one photo, and on eight."""

    alone: NDArray[np.float64]
    in_8: NDArray[np.float64]


def race(models: Sequence[Model], rounds: int) -> list[Speeds]:
    """Each model `rounds` times on one photo and on eight; who goes first changes from round to round."""
    pictures = [made_up_pictures(model.side)[:_BATCH] for model in models]
    took = np.zeros((1 + rounds, 2, len(models)))
    for number, times in enumerate(took):
        for which, count in enumerate((1, _BATCH)):
            for place in np.roll(range(len(models)), number):
                start = perf_counter()
                models[place].run(pictures[place][:count])
                times[which, place] = perf_counter() - start
    warm = took[1:]
    return [Speeds(warm[:, 0, place], warm[:, 1, place]) for place in range(len(models))]
