"""Where photos come in when no bucket takes them: `POST /v1/uploads/{id}/bytes`."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from lookalike.adapters.embedded.upload_form import Allowance, UploadForms
from lookalike.contract.arrival import now, timed
from lookalike.contract.dispatcher import REQUEST_ID, other_method, request_id
from lookalike.contract.peers import Slots, host_of
from lookalike.contract.upload_post import UploadPost
from lookalike.errors import ForbiddenError
from lookalike.ports.clock import Clock
from lookalike.services.receive_uploads import ReceiveUploads

_LEAST_RATE: Final = 16 * 1024
"""Bytes a second that a photo has to come in with: a third of what 3G phones manage."""


@dataclass(frozen=True, slots=True)
class UploadDoor:
    """Takes in what a pre-signed form allows, where no bucket does: `POST /v1/uploads/{id}/bytes`."""

    forms: UploadForms
    receive: ReceiveUploads
    clock: Clock


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that an upload may take: until its form's fields are there, and in all."""

    form: float
    photo: float


class UploadEndpoint:
    """Takes photos in as S3 would; the signed form is all the permission there is.

    A slot is taken once the form was found good: whoever has none holds up nobody. From then on the photo has to come
    in at 16 KiB a second.
    """

    def __init__(self, door: UploadDoor, slots: Slots, threads: CapacityLimiter, patience: Patience) -> None:
        self._door = door
        self._slots = slots
        self._threads = threads
        self._patience = patience

    async def __call__(self, request: Request) -> Response:
        """204 once the photo is durable."""
        if request.method != "POST":
            return Response(status_code=204, headers=other_method(request.method, request.headers, ["POST"]))
        with ExitStack() as held:
            allowance, data = await self._read(request, held)
            originals = {allowance.upload: data}
            await to_thread.run_sync(self._door.receive, allowance.catalogue, originals, limiter=self._threads)
        return Response(status_code=204, headers={REQUEST_ID: request_id(request.headers)})

    async def _read(self, request: Request, held: ExitStack) -> tuple[Allowance, bytes]:
        allowances: list[Allowance] = []
        start, received = now(), 0

        def admit(fields: Mapping[str, str]) -> int:
            allowance = self._door.forms.read(fields, self._door.clock.now())
            if allowance.upload != request.path_params["id"]:
                raise ForbiddenError("the upload form is for another upload")
            held.enter_context(self._slots.take(host_of(request)))
            allowances.append(allowance)
            return allowance.max_bytes

        def deadline() -> float:
            earned = received / _LEAST_RATE if allowances else 0.0
            return start + min(self._patience.form + earned, self._patience.photo)

        post = UploadPost(request.headers.get("content-type", ""), admit)
        async for chunk in timed(request, deadline):
            received += len(chunk)
            post.feed(chunk)
        data = post.file()
        return allowances[0], data
