from collections import OrderedDict
from collections.abc import Iterable, Sequence

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId


class ForgottenUploads:
    """The `most` uploads that were forgotten last, in memory: as many as a queue of this process holds messages."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._uploads: OrderedDict[tuple[CatalogueId, UploadId], None] = OrderedDict()

    def add(self, catalogue: CatalogueId, uploads: Iterable[UploadId]) -> None:
        """Keep these in mind. Not by two threads at once."""
        self._uploads.update({(catalogue, upload): None for upload in uploads})
        while len(self._uploads) > self._most:
            self._uploads.popitem(last=False)

    def among(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> set[UploadId]:
        """Those of the uploads that are kept in mind."""
        return {upload for upload in uploads if (catalogue, upload) in self._uploads}
