from pathlib import Path

from lookalike.domain.item import Item, ItemId
from lookalike.ports.catalogue import NewPhoto
from lookalike.sample import draw_catalogue

CLOTHING = Path(__file__).parents[3] / "shared" / "data" / "clothing" / "train"


def garments(count: int) -> list[NewPhoto]:
    """Real photos where the clothing set is beside the checkout, else drawn ones."""
    files = sorted(CLOTHING.rglob("*.jpg"))[:: max(1, 3068 // count)][:count]
    if files:
        return [NewPhoto(Item(ItemId(file.stem), file.parent.name), file.read_bytes(), file.name) for file in files]
    drawn = draw_catalogue(count, seed=3)
    return [NewPhoto(Item(ItemId(g.item_id), g.category), g.photo(), g.item_id) for g in drawn]
