"""Every arithmetic at every batch size, by one way after the other."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from onnx import ModelProto

from inference.bench.gpu.measure import Clock, Effort, Row, measure
from inference.bench.gpu.way import Arithmetic, Floats, NotBroughtError, Photos, Way


@dataclass(slots=True)
class Survey:
    """What is measured, and what came of it so far. After `until`, by the `clock`, nothing more is begun."""

    models: Mapping[Arithmetic, ModelProto]
    photos: Photos
    expected: Floats
    batches: Sequence[int]
    effort: Effort
    until: float
    clock: Clock = time.monotonic
    rows: list[Row] = field(default_factory=list)
    not_measured: list[str] = field(default_factory=list)

    def run(self, way: Way) -> None:
        """Every arithmetic by one way, and its failure where it fails: the others are measured all the same."""
        for arithmetic in way.arithmetics:
            try:
                self._sizes(way, arithmetic)
            except Exception as error:  # noqa: BLE001 (runtimes raise what they like, and a lent GPU is soon gone)
                why = str(error).partition("\n")[0]
                self._leave(f"{way.name}, {arithmetic.upper()}: {type(error).__name__}: {why}")

    def _sizes(self, way: Way, arithmetic: Arithmetic) -> None:
        if arithmetic not in self.models:
            raise NotBroughtError("no file was given with --int8")
        for batch in self.batches:
            if self.clock() >= self.until:
                self._leave(f"{way.name}, {arithmetic.upper()}, batch {batch} and more: the time was over")
                return
            here = np.arange(batch) % len(self.photos)
            loaded = way.load(self.models[arithmetic], arithmetic, self.photos[here])
            row = measure(way.name, arithmetic, loaded, self.expected[here], self.effort)
            self.rows.append(row)
            print(f"{row.way}, {arithmetic.upper()}, batch {batch}: {row.rate:,.0f} img/s, cosine {row.cosine:.5f}")

    def _leave(self, why: str) -> None:
        self.not_measured.append(why)
        print(f"not measured: {why}")
