import os
from pathlib import Path
from typing import Final

from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import Catalogue

MEMORY: Final = "memory:"


def connect(
    where: str | os.PathLike[str],
    *,
    token: str | None = None,
    create: bool = True,
    timeout: float = 30.0,
    deadline: float = 60.0,
    allow_insecure: bool = False,
) -> Catalogue:
    """Open a catalogue: ``memory:`` (gone when closed), a folder (made where it is not there), or ``https://…``.

    `create` says whether a missing folder is made. A remote catalogue takes a bearer `token`; `timeout` bounds each
    wait on the network and `deadline` a whole call with its retries, both in seconds; `allow_insecure` lets the token
    go over plain http to another machine. The modules behind each form are loaded only when it is used, so that the
    SDK alone needs neither model nor index.

    Raises `NotFoundError` where there is no catalogue and none may be made, `CatalogueLockedError` where another
    process has the folder open, `CatalogueDamagedError` where its files do not fit each other,
    `InvalidRequestError` for a place of no form we know.
    """
    place = os.fspath(where) if isinstance(where, os.PathLike) else where
    is_address = isinstance(place, str) and place.lower().startswith(("http://", "https://"))
    if not isinstance(place, str) or not place or "\0" in place or ("://" in place and not is_address):
        raise InvalidRequestError("catalogue", f"{where!r} is neither memory:, a folder nor an http(s) address")
    if is_address:
        from lookalike.client import HttpCatalogue  # noqa: PLC0415 (see the docstring)

        return HttpCatalogue(place, token, timeout=timeout, deadline=deadline, allow_insecure=allow_insecure)
    from lookalike.embedded import open_embedded  # noqa: PLC0415

    if place == MEMORY:
        return open_embedded(None)
    return open_embedded(Path(place), create=create)
