"""One page on a finished run: curves, confusions, neighbours and worst errors, with `report.json` beside it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image

from inference.measure.draw import line
from inference.measure.metrics import Seen, confusion_matrix
from inference.train.dataset import LabelledPhotos
from inference.train.run import Epoch, Run

_NEIGHBOURS = 8
_QUERIES = 20
_ERRORS = 24
_THUMBNAIL = 96
_WIDTH, _HEIGHT = 480, 160
_BLUE = "#26c"
_STYLE = (
    "body{font:15px system-ui;max-width:64rem;margin:2rem auto}td,th{padding:.2rem .5rem;text-align:right}"
    "figure{display:inline-block;margin:2px;text-align:center;font-size:11px}figure.query{margin-right:1rem}"
    "img{display:block}.wrong{outline:3px solid #c33}svg{border:1px solid #ccc}"
    "polyline{stroke-width:2}"
)


@dataclass(frozen=True)
class Shown:
    """Photos, and what the run's network made of them."""

    photos: LabelledPhotos
    seen: Seen


def write_report(run: Run, figures: dict[str, float], aside: Shown, known: Shown) -> None:
    """Write `report.json` and a self-contained `report.html` into the run's folder.

    Photos stay there: none is ours to publish.
    """
    page = [
        "<h1>Training report</h1>",
        "<h2>Photos kept aside, searching those trained on</h2>",
        _figures(figures),
        "<h2>Epochs</h2>",
        *(_curve(run.history, name) for name in ("loss", "aside_accuracy", "aside_map")),
        "<h2>Taken for (across) what it is (down)</h2>",
        _confusions(aside),
        "<h2>Nearest neighbours</h2>",
        *_neighbours(aside, known),
        "<h2>Surest errors</h2>",
        *_errors(aside),
    ]
    style = f'<!doctype html><meta charset="utf-8"><title>Training report</title><style>{_STYLE}</style>'
    (run.folder / "report.html").write_text("\n".join([style, *page]), encoding="utf-8")
    content = {"figures": figures, "history": run.history, "confusions": confusion_matrix(aside.seen).tolist()}
    (run.folder / "report.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _figures(figures: dict[str, float]) -> str:
    rows = (f"<tr><th>{escape(name)}<td>{value:.4f}" for name, value in figures.items())
    return f"<table>{''.join(rows)}</table>"


def _curve(history: Sequence[Epoch], name: str) -> str:
    """A line over the epochs, as tall as the values are apart."""
    values = np.array([epoch[name] for epoch in history])
    low, high = float(values.min()), float(values.max())
    down = _HEIGHT - (values - low) / max(high - low, 1e-9) * _HEIGHT
    points = zip(np.linspace(0, _WIDTH, len(values)), down, strict=True)
    caption = f"<p>{escape(name)}: {low:.3f} to {high:.3f}, last {values[-1]:.3f}</p>"
    return f'{caption}<svg width="{_WIDTH}" height="{_HEIGHT}">{line(points, _BLUE)}</svg>'


def _confusions(shown: Shown) -> str:
    names = [escape(name) for name in shown.photos.categories]
    rows = (
        f"<tr><th>{name}" + "".join(f"<td>{count or '·'}" for count in row)
        for name, row in zip(names, confusion_matrix(shown.seen), strict=True)
    )
    return f"<table><tr><th>{''.join(f'<th>{name}' for name in names)}{''.join(rows)}</table>"


def _neighbours(aside: Shown, known: Shown) -> list[str]:
    """A row a query, taken evenly over the categories; neighbours of another category are outlined."""
    cosine = aside.seen.embeddings @ known.seen.embeddings.T
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, :_NEIGHBOURS]
    names, labels = aside.photos.categories, aside.seen.labels
    rows = []
    for query in np.linspace(0, len(labels) - 1, min(_QUERIES, len(labels))).astype(int):
        shown = [_photo(aside.photos, query, names[labels[query]], "query")]
        for row in nearest[query]:
            kind = "" if known.seen.labels[row] == labels[query] else "wrong"
            shown.append(_photo(known.photos, row, f"{cosine[query, row]:.2f}", kind))
        rows.append(f"<div>{''.join(shown)}</div>")
    return rows


def _errors(aside: Shown) -> list[str]:
    """Photos put in a wrong category by the widest margin of cosines."""
    scores, labels, names = aside.seen.scores, aside.seen.labels, aside.photos.categories
    taken, rows = scores.argmax(axis=1), np.arange(len(labels))
    margin = scores[rows, taken] - scores[rows, labels]
    wrong = [row for row in np.argsort(-margin, kind="stable") if margin[row] > 0][:_ERRORS]
    return [_photo(aside.photos, row, f"{names[labels[row]]} → {names[taken[row]]}", "") for row in wrong]


def _photo(photos: LabelledPhotos, row: int, caption: str, kind: str) -> str:
    small = Image.fromarray(photos.pixels[row]).resize((_THUMBNAIL, _THUMBNAIL))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=80)
    source = f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
    name = escape(photos.paths[row].name)
    return f'<figure class="{kind}"><img src="{source}" alt="{name}" title="{name}">{escape(caption)}</figure>'
