from collections.abc import Iterator, Sequence
from threading import Event
from typing import Any

import pytest

from lookalike.client.import_photos import ImportPhotos
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.errors import UnavailableError
from lookalike.ports.catalogue import Imported, NewPhoto

PHOTOS = 12


class Items:
    """Of a server that takes every description and has no photo yet."""

    def put(self, items: Sequence[Item]) -> None:
        del items

    def update(self, patches: Sequence[ItemPatch]) -> list[ItemId]:
        del patches
        return []

    def find(self, item: ItemId) -> None:
        del item


class Uploads:
    """Of a server that is gone after so many photos."""

    def __init__(self, good: int, fault: BaseException) -> None:
        self.good = good
        self.fault = fault
        self.took = list[bytes]()
        self.all_taken = Event()

    def bring(self, data: bytes, item: ItemId) -> bytes:
        del item
        if int(data) >= self.good:
            self.all_taken.wait(10)
            raise self.fault
        self.took.append(data)
        if len(self.took) == self.good:
            self.all_taken.set()
        return data

    def settled(self, upload: bytes) -> Any:
        del upload
        return self

    def upload(self, catalogue: CatalogueId) -> str:
        del catalogue
        return "settled"


@pytest.mark.parametrize("good", [1, 5, PHOTOS - 1])
@pytest.mark.parametrize("fault", [UnavailableError("gone"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_what_a_server_took_is_told_before_the_error(good: int, fault: BaseException) -> None:
    uploads = Uploads(good, fault)
    bring_in = ImportPhotos(Items(), uploads, CatalogueId("shop"))  # type: ignore[arg-type]

    def photos() -> Iterator[NewPhoto]:
        for at in range(PHOTOS):
            yield NewPhoto(Item(ItemId(f"i{at}"), "hat"), str(at).encode(), str(at))

    told, settled = list[Imported](), bring_in(photos())
    while True:
        try:
            told.append(next(settled))
        except type(fault):
            break
    assert sorted(one.photo.source.encode() for one in told) == sorted(uploads.took)
    assert len(told) == good
