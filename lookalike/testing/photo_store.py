from lookalike.adapters.embedded.photo_store import MemoryPhotoStore
from lookalike.adapters.embedded.upload_form import UploadForms


class InMemoryPhotoStore(MemoryPhotoStore):
    """The embedded one, whose `forms` sign with a secret that everybody knows."""

    def __init__(self) -> None:
        super().__init__(UploadForms(b"a secret for tests only, 32 byte"))
