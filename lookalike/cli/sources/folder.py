import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from lookalike.cli.sources.entry import BadEntry, Entry, Skipped
from lookalike.cli.sources.item_name import item_id_of_file
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.domain.item import ItemPatch
from lookalike.errors import InvalidRequestError
from lookalike.imaging.sniff import EXTENSIONS
from lookalike.ports.catalogue import NewPhoto

SYSTEM_FOLDERS: Final = frozenset(
    {
        *("@eadir", "#recycle", "#snapshot", "@tmp", "@sharesnap"),  # Synology
        *("@recycle", "@recently-snapshot", "@__thumb"),  # QNAP; its .@__thumb is hidden
        *("~snapshot", "recycle bin", "recycled", "recycler", "$recycle.bin", "system volume information"),
        *("__macosx", "resource.frk", "network trash folder", "temporary items", "lost+found", "found.000"),
    }
)
"""Folders that NAS systems and desktops make for thumbnails, deleted files and the like, in lower case.

macOS' and Linux' own (``.Trashes``, ``.AppleDouble``, ``.thumbnails``, …) are hidden ones.
"""


@dataclass(slots=True)
class FolderSource:
    """Every image file below a folder, each an item of its own, in the order of names.

    The item's id follows from the file's place below the folder and from nothing else (`item_id_of_file`). Hidden
    files, what lies in a `SYSTEM_FOLDERS`, links to folders and whatever is no image file are `Skipped`.
    """

    paths: PhotoPaths
    category: str | None = None
    category_from_folder: bool = False

    def total(self) -> int | None:
        """How many entries there will be, not counting what is passed over."""
        return sum(1 for found in _walk(self.paths.folder) if not isinstance(found, Skipped))

    def read(self) -> float:
        """Unknown: a folder is counted, not measured."""
        return 0.0

    def warnings(self) -> list[str]:
        """There are none."""
        return []

    def close(self) -> None:
        """There is nothing to let go of."""

    def entries(self) -> Iterator[Entry]:
        """One entry a file."""
        for found in _walk(self.paths.folder):
            yield self._entry(found) if isinstance(found, PurePosixPath) else found

    def _entry(self, place: PurePosixPath) -> Entry:
        item = item_id_of_file(place)
        try:
            return NewPhoto(ItemPatch(item, self._category(place)), self.paths.find(str(place)), str(place))
        except (ValueError, InvalidRequestError) as error:
            return BadEntry(str(place), str(error), item)

    def _category(self, place: PurePosixPath) -> str:
        if self.category_from_folder and len(place.parts) > 1:
            return place.parts[0]
        if self.category is not None:
            return self.category
        raise ValueError("lies in no category's folder; --category names one for such photos")


def _walk(top: Path) -> Iterator[PurePosixPath | BadEntry | Skipped]:
    """Places of image files below `top`, and what else there is. Depth first, by name, to any depth.

    In memory are the names of the folders on the way down.
    """
    waiting = [("", _names(top, top))]
    while waiting:
        reason, names = waiting[-1]
        found = next(names, None)
        if found is None:
            waiting.pop()
        elif isinstance(found, BadEntry):
            yield found if not reason else Skipped(found.source, reason)
        elif found.is_dir(follow_symlinks=False):
            waiting.append((reason or _not_entered(found.name), _names(Path(found.path), top)))
        else:
            place = PurePosixPath(Path(found.path).relative_to(top).as_posix())
            reason = reason or _not_taken(found)
            yield Skipped(str(place), reason) if reason else place


def _not_entered(folder: str) -> str:
    """Why what lies in a folder of this name is passed over; empty where it is not."""
    if folder.startswith("."):
        return "in a hidden folder"
    return "in a system's folder" if folder.lower() in SYSTEM_FOLDERS else ""


def _not_taken(file: os.DirEntry[str]) -> str:
    """Why this file is passed over; empty where it is not."""
    if file.name.startswith("."):
        return "hidden"
    if Path(file.name).suffix.lower() in EXTENSIONS:
        return ""
    return "a link" if file.is_symlink() else "not an image file"


def _names(folder: Path, top: Path) -> Iterator[os.DirEntry[str] | BadEntry]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield BadEntry(folder.relative_to(top).as_posix(), f"the folder cannot be read: {error}")
        return
    yield from entries
