"""A process to be killed: imports a folder of photos and prints each one's name once it is acknowledged."""

import sys
from pathlib import Path

from lookalike.connect import connect
from lookalike.domain.item import Item, ItemId
from lookalike.ports.catalogue import NewPhoto


def main(shop: str, photos: str) -> None:
    files = sorted(Path(photos).glob("*.jpg"))
    print("started", flush=True)
    with connect(shop) as catalogue:
        for imported in catalogue.import_photos(
            NewPhoto(Item(ItemId(path.stem), "dress"), path, path.name) for path in files
        ):
            assert imported.upload is not None, imported.error
            assert imported.upload.status == "indexed", imported
            print(imported.photo.item.id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
