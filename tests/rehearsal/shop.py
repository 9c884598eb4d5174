"""A client that speaks plain HTTP, so that it can also say what no client of ours would."""

import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from tests.rehearsal.checker import Offered, check
from tests.rehearsal.whole import Rehearsal

PATIENCE_S = 90.0


class Shop:
    """One catalogue, and everything that was offered to it."""

    def __init__(self, whole: Rehearsal, catalogue: str) -> None:
        self.whole = whole
        self.catalogue = catalogue
        self.offered: list[Offered] = []
        token = whole.cloud.issuer.token(catalogue)
        self.http = httpx.Client(
            base_url=whole.cloud.url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S
        )

    def put_item(self, item: str, category: str = "dress", *labels: str) -> None:
        body = {"items": [{"id": item, "category": category, "title": item, "labels": list(labels)}]}
        assert self.http.put("/v1/items", json=body).status_code == 204

    def request(self, item: str | None = None, content_type: str = "image/jpeg", **headers: str) -> Any:
        """A ticket: the upload's id and its form."""
        body = {"content_type": content_type} | ({"item": item} if item else {})
        answer = self.http.post("/v1/uploads", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def post(self, form: Mapping[str, Any], data: bytes, **fields: str) -> httpx.Response:
        """Send a form as it is, or with some of its fields changed."""
        return httpx.post(
            form["url"], data={**form["fields"], **fields}, files={"file": ("photo", data)}, timeout=PATIENCE_S
        )

    def offer(self, data: bytes, item: str | None = None, **headers: str) -> UploadId:
        """Bring a photo in, as a client does."""
        ticket = self.request(item, **headers)
        assert self.post(ticket["form"], data).status_code == 204
        upload = UploadId(ticket["upload"])
        self.offered.append(Offered(upload, ItemId(item) if item else None, data))
        return upload

    def state(self, upload: str) -> Any:
        return self.http.get(f"/v1/uploads/{upload}").json()

    def settled(self, upload: str, patience_s: float = PATIENCE_S) -> Any:
        """Where the upload stands once nothing more will happen to it."""
        deadline = time.monotonic() + patience_s
        while not (view := self.state(upload)).get("is_final"):
            assert time.monotonic() < deadline, f"{upload} is {view} after {patience_s:g} s"
            time.sleep(0.1)
        return view

    def search(self, **body: Any) -> httpx.Response:
        return self.http.post("/v1/search", json=body)

    def notice(self, upload: str) -> str:
        """What S3 writes into the queue when the upload's bytes have arrived."""
        record = {
            "eventName": "ObjectCreated:Post",
            "s3": {"object": {"key": f"uploads%2F{self.catalogue}%2F{upload}"}},
        }
        return json.dumps({"Records": [record]})

    def pointer(self, upload: str) -> str:
        """What `prepare` writes into the queue for `embed`."""
        return json.dumps({"catalogue": self.catalogue, "upload": upload, "correlation": "by-hand"})

    def send(self, queue: str, *bodies: str) -> None:
        """Put messages into one of the cloud's queues."""
        cloud = self.whole.cloud.rehearsed
        for start in range(0, len(bodies), 10):
            entries: Any = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
            answer = cloud.clients.sqs.send_message_batch(QueueUrl=cloud.queues[queue].url, Entries=entries)
            assert not answer.get("Failed")

    def take_dead_letters(self) -> list[str]:
        """The bodies of all dead letters of the cloud, which are gone then."""
        cloud, bodies = self.whole.cloud.rehearsed, []
        for queue in cloud.queues.values():
            if not queue.name.endswith("-dead"):
                continue
            read = {"QueueUrl": queue.url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0}
            while messages := cloud.clients.sqs.receive_message(**read).get("Messages"):
                for message in messages:
                    bodies.append(message["Body"])
                    cloud.clients.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def findings(self, *, dead: int = 0) -> list[str]:
        return check(self.whole, self.catalogue, self.offered, dead=dead)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
