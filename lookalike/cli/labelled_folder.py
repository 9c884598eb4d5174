from collections.abc import Iterator
from pathlib import Path

from lookalike.cli.sources import BadEntry, SourceOptions, open_source
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import NewPhoto
from lookalike.services.evaluate import LabelledPhoto


def labelled_photos(folder: Path) -> Iterator[LabelledPhoto]:
    """The photos of ``folder/<category>/…``, by name. Raises `InvalidRequestError` for one without a category."""
    for entry in open_source(folder, SourceOptions(category_from_folder=True)).entries():
        if isinstance(entry, BadEntry):
            raise InvalidRequestError("photos", f"{entry.source} {entry.message}")
        if isinstance(entry, NewPhoto) and isinstance(entry.content, Path) and entry.item.category is not None:
            yield LabelledPhoto(entry.source, entry.item.category, entry.content.read_bytes)
