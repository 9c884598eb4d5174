from typing import Final

from lookalike.contract.models.base import Model, UploadName
from lookalike.contract.models.uploads import FormView, RequestUploadBody, TicketView, UploadView
from lookalike.contract.route import Answer, Call, NoParameters, Route
from lookalike.errors import NotFoundError
from lookalike.ports.ledger import Ledger
from lookalike.services.request_upload import RequestUpload


class UploadParameters(Model):
    """Which upload."""

    id: UploadName


def _request_upload(service: RequestUpload, call: Call[NoParameters, RequestUploadBody]) -> Answer:
    ticket = service(call.catalogue, call.body.content_type, call.body.item)
    view = TicketView(upload=ticket.upload.id, form=FormView.of(ticket.form))
    return Answer(view, {"Location": f"/v1/uploads/{ticket.upload.id}"})


def _read_upload(ledger: Ledger, call: Call[UploadParameters, None]) -> Answer:
    upload = ledger.find_uploads(call.catalogue, [call.parameters.id]).get(call.parameters.id)
    if upload is None:
        raise NotFoundError(f"no upload {call.parameters.id}")
    return Answer(UploadView.of(upload))


REQUEST_UPLOAD: Final = Route(
    name="requestUpload",
    method="POST",
    path="/v1/uploads",
    summary="Ask for a form to bring a photo in: an item's, or one to search with",
    service=lambda services: services.request_upload,
    handle=_request_upload,
    parameters=NoParameters,
    body=RequestUploadBody,
    answer=TicketView,
    status=201,
    problems=(404,),
)
READ_UPLOAD: Final = Route(
    name="readUpload",
    method="GET",
    path="/v1/uploads/{id}",
    summary="Where an upload stands",
    service=lambda services: services.ledger,
    handle=_read_upload,
    parameters=UploadParameters,
    answer=UploadView,
    problems=(404,),
)
