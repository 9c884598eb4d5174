"""The lines of a month's bill, a file for each component; `ALL` has them in the order in which they are shown."""

from collections.abc import Callable, Iterator
from typing import Final

from lookalike.sizing.line import Line, Stack
from lookalike.sizing.lines.api import api
from lookalike.sizing.lines.cache import cache
from lookalike.sizing.lines.cluster import cluster
from lookalike.sizing.lines.functions import functions
from lookalike.sizing.lines.index import index
from lookalike.sizing.lines.network import network
from lookalike.sizing.lines.photos import photos
from lookalike.sizing.lines.queues import queues
from lookalike.sizing.lines.tables import tables
from lookalike.sizing.lines.watch import watch
from lookalike.sizing.lines.website import website

ALL: Final[tuple[Callable[[Stack], Iterator[Line]], ...]] = (
    functions,
    photos,
    tables,
    queues,
    index,
    cache,
    cluster,
    network,
    api,
    website,
    watch,
)
