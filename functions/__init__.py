"""The product as AWS Lambda runs it: one folder a function, each a `handler` (parse, service, answer) and its `wiring`.

`uploads` and `search` answer the HTTP API (API Gateway, payload 2.0), `prepare` and `embed` work off queues. `runtime`
holds what all share. Importing a module makes no connection and reads no environment: that waits for the first event.

Powertools' idempotency is not used, on purpose. What comes twice is met where it can be told apart for good: uploads
move by conditional writes on their version, photos are named by the hash of their bytes, entries by item and photo. A
record of "seen this message" would cost two more writes a message, would block a message whose first run was killed
until that record expired, and would know nothing of the second message that S3 may send for the same bytes.
"""
