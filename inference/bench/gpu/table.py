"""What was measured beside what was promised and published, and what follows for the default."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from inference.bench.gpu.measure import Row
from inference.bench.gpu.way import Arithmetic


@dataclass(frozen=True, slots=True)
class Promise:
    """Photos a second at the best batch size, and the milliseconds that one photo takes."""

    rate: float
    latency_ms: float


PROMISED: Final[Mapping[Arithmetic, Promise]] = {
    Arithmetic.FP32: Promise(1250, 4.2),
    Arithmetic.FP16: Promise(3100, 1.8),
    Arithmetic.INT8: Promise(4850, 1.1),
}
PUBLISHED: Final = 27_000.0
"""Photos a second, the best public figure for this network: FP16 on one consumer GPU."""
AGREES: Final = {Arithmetic.FP32: 0.9999, Arithmetic.TF32: 0.998, Arithmetic.FP16: 0.998, Arithmetic.INT8: 0.998}
"""Mean cosine to FP32 below which a speed does not count; 0.998 is the gate's parity (inference/gate/criteria.py)."""


def is_right(row: Row) -> bool:
    """Whether its answers are those of the FP32 model, so that its speed counts."""
    return row.cosine >= AGREES[row.arithmetic]


def best(rows: Sequence[Row], arithmetic: Arithmetic) -> Row | None:
    """The most photos a second among right answers in that arithmetic."""
    return max(
        (row for row in rows if row.arithmetic is arithmetic and is_right(row)), key=lambda row: row.rate, default=None
    )


def quickest(rows: Sequence[Row], arithmetic: Arithmetic) -> Row | None:
    """The least latency of a single photo among right answers in that arithmetic."""
    alone = (row for row in rows if row.arithmetic is arithmetic and row.batch == 1 and is_right(row))
    return min(alone, key=lambda row: row.latency_ms, default=None)


def decision(rows: Sequence[Row]) -> str:
    """Whether INT8 is the default on this GPU: where its slowest repeat is quicker than FP16's quickest, no else."""
    half, integers = best(rows, Arithmetic.FP16), best(rows, Arithmetic.INT8)
    if half is None:
        return "decision: none, FP16 was not measured with right answers"
    if integers is None:
        return "decision: FP16 is the default here; INT8 was not measured with right answers"
    beats = integers.batch / integers.most > half.batch / half.least
    said = f"INT8 is {integers.rate / half.rate:.2f} of FP16 ({integers.rate:,.0f} and {half.rate:,.0f} img/s)"
    return f"decision: {'INT8' if beats else 'FP16'} is the default here; {said}"


def as_markdown(rows: Sequence[Row]) -> str:
    """Two tables: each arithmetic at its best beside its promise, and every row."""
    return "\n".join([*_promises(rows), "", *_every(rows), ""])


def _promises(rows: Sequence[Row]) -> Iterator[str]:
    yield "| | img/s at best | of the promise | of the best public figure | one photo, both ways | of the promise |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for arithmetic in Arithmetic:
        top, single = best(rows, arithmetic), quickest(rows, arithmetic)
        if top is None:
            continue
        cells = _against(top, single)
        yield f"| {arithmetic.upper()}, {top.way}, batch {top.batch} | " + " | ".join(cells) + " |"


def _against(top: Row, single: Row | None) -> list[str]:
    promise = PROMISED.get(top.arithmetic)
    half = top.arithmetic is Arithmetic.FP16
    waited = None if single is None else single.latency_ms
    return [
        f"{top.rate:,.0f}",
        _ratio(top.rate, promise.rate if promise else None),
        _ratio(top.rate, PUBLISHED if half else None),
        "-" if waited is None else f"{waited:.2f} ms",
        _ratio(waited, promise.latency_ms if promise else None),
    ]


def _ratio(value: float | None, to: float | None) -> str:
    return "-" if value is None or to is None else f"{value / to:.2f}"


def _every(rows: Sequence[Row]) -> Iterator[str]:
    yield "| way | arithmetic | batch | ms a batch, least to most | img/s | both ways | mean cosine to FP32 |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        wrong = "" if is_right(row) else ", **wrong: does not count**"
        times = f"{row.milliseconds:.3f}, {row.least:.3f} to {row.most:.3f} | {row.rate:,.0f} | {row.latency_ms:.2f} ms"
        yield f"| {row.way} | {row.arithmetic.upper()} | {row.batch} | {times} | {row.cosine:.5f}{wrong} |"


def as_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Rows, figures to compare with, ratios and decision."""
    return {
        "rows": [asdict(row) | {"images_per_second": row.rate, "counts": is_right(row)} for row in rows],
        "promised": {arithmetic.value: asdict(promise) for arithmetic, promise in PROMISED.items()},
        "published_fp16_images_per_second": PUBLISHED,
        "ratios": {arithmetic.value: _ratios(rows, arithmetic) for arithmetic in PROMISED},
        "decision": decision(rows),
    }


def _ratios(rows: Sequence[Row], arithmetic: Arithmetic) -> dict[str, float]:
    top, single, promise = best(rows, arithmetic), quickest(rows, arithmetic), PROMISED[arithmetic]
    found = {}
    if top is not None:
        found["rate_to_promised"] = top.rate / promise.rate
        if arithmetic is Arithmetic.FP16:
            found["rate_to_published"] = top.rate / PUBLISHED
    if single is not None:
        found["latency_to_promised"] = single.latency_ms / promise.latency_ms
    return found
