import re
import unicodedata
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final

from lookalike.domain.item import ItemId
from lookalike.imaging.sniff import EXTENSIONS

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~@+=,/-]{0,127}")
_HASHED: Final = re.compile(r"~[0-9a-f]{12}$")
_OTHER: Final = re.compile(r"[^A-Za-z0-9._~:@+=,-]+")
_LONGEST_KEPT: Final = 100
_UNSAID: Final = ".jpg"


def item_id_of_file(place: PurePosixPath) -> ItemId:
    """The item's id for an image file at `place` below its folder, whatever other files there are.

    ``dress/red.jpg`` → ``dress:red``, ``dress/red.png`` → ``dress:red.png``: only ``.jpg`` goes unsaid, and not where
    another extension would then end the name (``red.png.jpg``), so that no two places give one id.
    """
    bare = place.with_suffix("") if place.suffix == _UNSAID else place
    return item_id_of(place if bare is not place and bare.suffix.lower() in EXTENSIONS else bare)


def item_id_of(name: PurePosixPath | str) -> ItemId:
    """The item's id for a name below a folder, e.g. ``dress/red-1`` → ``dress:red-1``.

    Where the name has nothing an id may not have, it is the id, with ``:`` for ``/``. Otherwise what is left of it
    is followed by 12 hex digits (48 bits) of its SHA-256, so that different names give different ids. The same name
    gives the same id on every system: it is compared in Unicode's composed form (NFC).
    """
    text = unicodedata.normalize("NFC", str(name))
    if _PLAIN.fullmatch(text) and not _HASHED.search(text):
        return ItemId(text.replace("/", ":"))
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    kept = _OTHER.sub("-", text.replace("/", ":")).lstrip("._~:@+=,-")[:_LONGEST_KEPT].rstrip("-")
    return ItemId(f"{kept or 'item'}~{digest}")
