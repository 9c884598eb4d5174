"""A process to be killed: imports a folder of photos and tells each one's name once it is acknowledged."""

from multiprocessing.connection import Connection
from pathlib import Path

from lookalike.connect import connect
from lookalike.domain.item import Item, ItemId
from lookalike.ports.catalogue import NewPhoto


def import_folder(shop: Path, photos: Path, told: "Connection[str, str]") -> None:
    files = sorted(photos.glob("*.jpg"))
    with connect(str(shop)) as catalogue:
        for imported in catalogue.import_photos(
            NewPhoto(Item(ItemId(path.stem), "dress"), path, path.name) for path in files
        ):
            assert imported.upload is not None, imported.error
            assert imported.upload.status == "indexed", imported
            told.send(imported.photo.item.id)
