import pytest
from fake_shop import Shop, picture


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.sell("red-dress", picture("red"), "colour:red")
    shop.sell("blue-dress", picture("blue"), "colour:blue")
    shop.sell("red-shirt", picture("darkred", "rectangle"), "colour:red", category="shirt")
    return shop
