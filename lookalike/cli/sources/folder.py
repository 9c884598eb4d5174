import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from lookalike.cli.sources.entry import BadEntry, Entry
from lookalike.cli.sources.item_name import hashed_item_id, item_id_of
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.domain.item import Item, ItemId
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import NewPhoto

EXTENSIONS: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp"}
)
"""Files of other names are passed over: a folder of photos often holds lists, thumbnails' databases and the like."""


@dataclass(slots=True)
class FolderSource:
    """Every image file below a folder, each an item of its own, in the order of names.

    Hidden files and folders (a leading dot) and symbolic links to folders are passed over. The item's id follows
    from the file's place below the folder (`item_id_of`); where two files of one folder would get one id
    (``a.jpg`` and ``a.png``), the later in order gets a hashed one: several photos of one item are not guessed.
    """

    paths: PhotoPaths
    category: str | None = None
    category_from_folder: bool = False

    def total(self) -> int | None:
        """How many entries there will be."""
        return sum(1 for _ in _image_files(self.paths.folder))

    def read(self) -> float:
        """Unknown: a folder is counted, not measured."""
        return 0.0

    def close(self) -> None:
        """There is nothing to let go of."""

    def entries(self) -> Iterator[Entry]:
        """One entry a file."""
        folder, seen = None, set[ItemId]()
        for path in _image_files(self.paths.folder):
            if isinstance(path, BadEntry):
                yield path
                continue
            if path.parent != folder:
                folder, seen = path.parent, set[ItemId]()
            yield self._entry(path, seen)

    def _entry(self, path: Path, seen: set[ItemId]) -> Entry:
        place = PurePosixPath(path.relative_to(self.paths.folder).as_posix())
        try:
            found = self.paths.find(str(place))
            item_id = item_id_of(place.with_suffix(""))
            if item_id in seen:
                item_id = hashed_item_id(place)
            seen.add(item_id)
            return NewPhoto(Item(item_id, self._category(place)), found, str(place))
        except (ValueError, InvalidRequestError) as error:
            return BadEntry(str(place), str(error))

    def _category(self, place: PurePosixPath) -> str:
        if self.category_from_folder and len(place.parts) > 1:
            return place.parts[0]
        if self.category is not None:
            return self.category
        raise ValueError("lies in no category's folder; --category names one for such photos")


def _image_files(top: Path) -> Iterator[Path | BadEntry]:
    """Depth first, by name; in memory are the names of the folders on the way down. Any depth."""
    waiting = [_names(top)]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
        elif isinstance(found, BadEntry):
            yield found
        elif found.is_dir(follow_symlinks=False):
            waiting.append(_names(Path(found.path)))
        elif Path(found.name).suffix.lower() in EXTENSIONS:
            yield Path(found.path)


def _names(folder: Path) -> Iterator[os.DirEntry[str] | BadEntry]:
    try:
        with os.scandir(folder) as found:
            entries = sorted((e for e in found if not e.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        yield BadEntry(str(folder), f"the folder cannot be read: {error}")
        return
    yield from entries
