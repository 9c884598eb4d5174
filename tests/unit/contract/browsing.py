from collections.abc import Callable

import httpx

Browse = Callable[..., httpx.Client]
"""Gives clients of real servers: `browse(site, **headers)`."""
# Plain HTTP to this machine: spares each client the loading of certificates.
NO_TLS = {"verify": False}


def ask_for_form(client: httpx.Client) -> tuple[str, dict[str, str]]:
    """A new ticket's form: its address and its fields."""
    ticket = client.post("/v1/uploads", json={"content_type": "image/jpeg"}).json()
    return ticket["form"]["url"], ticket["form"]["fields"]
