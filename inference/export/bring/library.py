"""The libraries whose architectures can be brought, each loaded only where it is asked for."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

LIBRARIES = frozenset({"open_clip", "timm", "torchvision"})


def check_known(architecture: str, names: Collection[str], library: str) -> None:
    """Raise `ValueError`, naming the nearest, for one that `library` does not have."""
    if architecture in names:
        return
    by_lower = {name.lower(): name for name in names}
    near = [by_lower[name] for name in get_close_matches(architecture.lower(), by_lower, n=4, cutoff=0.5)]
    told = f"; nearest: {', '.join(near)}" if near else ""
    raise ValueError(f"{library} has no architecture {architecture!r}{told}")
