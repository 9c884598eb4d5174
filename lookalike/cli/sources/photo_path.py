import os
import re
import unicodedata
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

        Where there is none spelled exactly so, one that differs in Unicode's form (NFC or NFD, which archives from
        macOS change) or has a slash where the name has a backslash is taken.

        Raises `ValueError` with a sentence for the user: for a URL (we never fetch what a user names), a path that
        leads out of the folder (``..``, absolute, or by a symbolic link), and whatever is no regular file.
        """
        if not name.strip():
            raise ValueError("names no photo")
        photo = f"photo {name!r:.200}".replace("\\\\", "\\")
        if _URL.match(name):
            raise ValueError(f"{photo} is a URL; photos are only read from files: download it first")
        try:
            path = self._as_spelled_on_disk(name).resolve()
            outside = not path.is_relative_to(self.folder.resolve())
            if outside and not self.allow_outside:
                raise ValueError(f"{photo} lies outside {self.folder}; --allow-outside permits that")
            if not path.is_file():
                raise ValueError(f"{photo} is {'no regular file' if path.exists() else 'not there'}")
        except (OSError, RuntimeError) as error:  # a loop of links, a name too long, a folder we may not enter
            raise ValueError(f"{photo} cannot be found: {error}") from error
        return path

    def _as_spelled_on_disk(self, name: str) -> Path:
        slashed = name.replace("\\", "/")
        forms = (unicodedata.normalize(form, text) for text in (name, slashed) for form in ("NFC", "NFD"))
        spellings = (self.folder / one for one in (name, slashed, *forms))
        return next(filter(os.path.lexists, spellings), self.folder / name)
