from dataclasses import dataclass
from typing import Final

from lookalike.adapters.opensearch.mapping import IndexLayout
from lookalike.domain.embedding import DIMENSIONS
from lookalike.errors import InvalidRequestError
from lookalike.sizing.index_nodes import graph_memory_bytes
from lookalike.sizing.vector_memory import vector_memory_bytes

GIB: Final = 2**30
_BYTES_A_PHOTO: Final = 5_000
"""On disk: 1 kB vector, its links, and the same as JSON in `_source`, packed."""
_DISK_FACTOR: Final = 1.45
"""Over source and replicas: indexing, the operating system's and the service's own share.
https://docs.aws.amazon.com/opensearch-service/latest/developerguide/sizing-domains.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSize:
    """Data nodes: `instances` of `instance_type` over `zones`, each with `volume_gb` GiB of gp3; managers beside them.

    Raises `ValueError` for what AWS would refuse, after it had built for half an hour.

    Half of the memory beside the heap is for graphs, as k-NN's circuit breaker has it for its native engines. Lucene,
    which we use, has no breaker: its graphs are mapped files, fast as long as the operating system keeps their pages,
    and the other half is for all other pages.
    """

    instance_type: str
    instances: int
    zones: int
    volume_gb: int
    managers: int = 0
    manager_type: str | None = None

    def __post_init__(self) -> None:
        _graph_bytes(self.instance_type)
        if self.zones not in {1, 2, 3}:
            raise ValueError(f"an index stands in 1 to 3 zones, not {self.zones}")
        if self.instances < 1 or self.instances % self.zones:
            raise ValueError(f"{self.instances} nodes do not spread evenly over {self.zones} zones")
        if self.managers not in {0, 3, 5}:
            raise ValueError(f"dedicated managers are 3 or 5, or there are none; not {self.managers}")
        if self.managers and self.manager_type is None:
            raise ValueError("dedicated managers need a manager_type")

    @property
    def burstable(self) -> bool:
        """Whether the nodes are of a kind that AWS does not tune."""
        return self.instance_type.startswith("t")

    @property
    def graph_bytes(self) -> int:
        """Memory for graphs, all nodes together."""
        return self.instances * _graph_bytes(self.instance_type)

    @property
    def copies(self) -> int:
        """How often the index is kept; a node alone has nobody to keep the second."""
        return min(self.instances, 1 + IndexLayout().replicas)

    @property
    def photos(self) -> int:
        """How many photos fit, in as many copies as the index keeps."""
        in_memory = self.graph_bytes * 1_000_000 // self._needed(1_000_000)
        on_disk = int(self.instances * self.volume_gb * GIB / (_BYTES_A_PHOTO * self.copies * _DISK_FACTOR))
        return min(in_memory, on_disk)

    def refuse_unless_holds(self, photos: int) -> None:
        """Raise `ValueError`, which says what is short of what, where `photos` do not fit."""
        asked = f"{photos:,} photos in {self.copies} " + ("copies" if self.copies > 1 else "copy")
        have = f"{self.instances} x {self.instance_type}"
        if self._needed(photos) > self.graph_bytes:
            raise ValueError(
                f"{asked} need {self._needed(photos) / GIB:.1f} GiB of memory for their graphs, and {have} have "
                f"{self.graph_bytes / GIB:.1f} GiB: take more or larger instances, or expect {self.photos:,} photos"
            )
        if photos > self.photos:
            needed = photos * _BYTES_A_PHOTO * self.copies * _DISK_FACTOR / GIB
            raise ValueError(
                f"{asked} need {needed:.0f} GiB of disk, and {have} have {self.instances * self.volume_gb} GiB: "
                f"take a volume_gb of at least {-int(-needed // self.instances)}"
            )

    def _needed(self, photos: int) -> int:
        return self.copies * vector_memory_bytes(photos, DIMENSIONS, IndexLayout().m)


def _graph_bytes(instance_type: str) -> int:
    try:
        return graph_memory_bytes(instance_type)
    except InvalidRequestError as error:
        raise ValueError(error.message) from error
