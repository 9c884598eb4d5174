import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(//|[^\\/])")


@dataclass(frozen=True, slots=True)
class PhotoPaths:
    """Finds the photos that a source names, and nothing outside the source's folder unless that is allowed."""

    folder: Path
    allow_outside: bool = False

    def find(self, name: str) -> Path:
        """The file of that name, relative to the source's folder.

        Raises `ValueError` with a sentence for the user: for a URL (we never fetch what a user names), a path that
        leads out of the folder (``..``, absolute, or by a symbolic link), and whatever is no regular file.
        """
        if not name.strip():
            raise ValueError("names no photo")
        if _URL.match(name):
            raise ValueError(f"photo {name!r:.200} is a URL; photos are only read from files: download it first")
        try:
            path = (self.folder / name).resolve()
            outside = not path.is_relative_to(self.folder.resolve())
            if outside and not self.allow_outside:
                raise ValueError(f"photo {name!r:.200} lies outside {self.folder}; --allow-outside permits that")
            if not path.is_file():
                raise ValueError(f"photo {name!r:.200} is {'no regular file' if path.exists() else 'not there'}")
        except (OSError, RuntimeError) as error:  # a loop of links, a name too long, a folder we may not enter
            raise ValueError(f"photo {name!r:.200} cannot be found: {error}") from error
        return path
