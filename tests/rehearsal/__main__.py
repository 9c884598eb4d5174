"""``make rehearse``: photos through the whole rehearsed cloud, and one line of JSON at the end."""

import argparse
import json
import logging
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from lookalike.connect import connect
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.domain.query import ByPhoto, Query
from lookalike.domain.upload import UploadStatus
from lookalike.ports.catalogue import Catalogue, Imported, NewPhoto
from lookalike.sample import draw_catalogue
from tests.rehearsal.checker import Offered, check, drained, uploads
from tests.rehearsal.whole import Rehearsal, rehearsal

CATALOGUE: Final = "rehearsal"
_DRAWN: Final = 24
_SEED: Final = 7
_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".avif", ".tif", ".tiff", ".gif", ".bmp"})
_DAY: Final = 86_400


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every photo was accounted for and found, else 1."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # that a pool was full for a moment is nobody's news
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # letting go of everything first
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder, rehearsal(Path(folder), port=asked.port) as whole:
        _say(f"up after {time.monotonic() - begun:.1f} s: {whole.cloud.url}")
        token = whole.cloud.issuer.token(CATALOGUE, exp=int(time.time()) + _DAY)
        with connect(whole.cloud.url, token=token) as catalogue:
            report = _rehearse(whole, catalogue, asked.photos, begun)
        if asked.serve:
            _say(f"serving {whole.cloud.url} to 'Authorization: Bearer {token}'; Ctrl-C ends")
            _wait()
    print(json.dumps(report))
    return 0 if report["lost"] == 0 and report["found"] else 1


def _rehearse(whole: Rehearsal, catalogue: Catalogue, folder: Path | None, begun: float) -> dict[str, Any]:
    photos = list(_from_folder(folder) if folder else _drawn())
    started = time.monotonic()
    told = list(catalogue.import_photos(photos))
    seconds = time.monotonic() - started
    drained(whole)
    offered = _offered(told)
    for finding in (findings := check(whole, CATALOGUE, offered)):
        _say(finding)
    # As the ledger has them now: the import waits for an upload to settle for so long and no longer.
    states = Counter(upload.status for upload in uploads(whole, CATALOGUE, offered))
    found, first = _search(catalogue, told, begun)
    return {
        "uploaded": len(photos),
        "indexed": states[UploadStatus.INDEXED],
        "rejected": states[UploadStatus.REJECTED],
        "lost": len(findings),
        "seconds": round(seconds, 2),
        "found": found,
        "first_search_after": first,
        "triton": whole.triton.version,
        "opensearch": whole.opensearch.version,
    }


def _search(catalogue: Catalogue, told: Sequence[Imported], begun: float) -> tuple[bool, float]:
    """Whether an indexed photo finds its own item, and after how many seconds that was known."""
    shown = next((e.photo for e in told if e.upload and e.upload.status is UploadStatus.INDEXED), None)
    if shown is None:
        return False, 0.0
    found = catalogue.search(Query(ByPhoto(_bytes(shown)), k=5)).neighbours
    score_of = {neighbour.item.id: neighbour.score for neighbour in found}
    # Copies of one photo may show several items: its own need not be the first, but none is nearer.
    own = score_of.get(shown.item.id, 0.0)
    return own >= max(score_of.values(), default=1.0) - 1e-4, round(time.monotonic() - begun, 1)


def _offered(told: Sequence[Imported]) -> list[Offered]:
    return [Offered(each.upload.id, each.photo.item.id, _bytes(each.photo)) for each in told if each.upload]


def _bytes(photo: NewPhoto) -> bytes:
    return photo.content if isinstance(photo.content, bytes) else photo.content.read_bytes()


def _drawn() -> Iterator[NewPhoto]:
    for garment in draw_catalogue(_DRAWN, _SEED):
        labels = frozenset(map(Label.parse, garment.labels))
        item = Item(ItemId(garment.item_id), garment.category, garment.title, labels)
        yield NewPhoto(item, garment.photo(), f"{garment.item_id}.jpg")


def _from_folder(folder: Path) -> Iterator[NewPhoto]:
    """Every photo in it and below; a photo's folder is its category."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    for number, path in enumerate(paths):
        category = "".join(c if c.isalnum() else "-" for c in path.parent.name.lower()).strip("-")
        yield NewPhoto(Item(ItemId(f"{number:06d}"), category or "photo", path.stem), path, str(path))


def _wait() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make rehearse", description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of photos; drawn ones where it is left out")
    parser.add_argument("--serve", action="store_true", help="stay up, with the API, until Ctrl-C")
    parser.add_argument("--port", type=int, default=0, help="where the API answers; 0 takes a free port")
    return parser


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
