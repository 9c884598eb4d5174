"""What runs, by digest. The tag beside it is for people; nothing follows it.

A copy in a registry of the shop's own has the same digest: ``crane copy`` it, and set `lookalike:triton.image`.
To find the digest of another version: ``docker buildx imagetools inspect nvcr.io/nvidia/tritonserver:<tag>``.
"""

from typing import Final

TRITON: Final = "nvcr.io/nvidia/tritonserver@sha256:9185ba5b33d2c85c9204b208957b4bbfc6b2b89066efc9192e0f60c2ab58cec0"
"""26.08-py3, for GPUs and processors: CUDA 13.4, which data-centre drivers from R580 on run, as Bottlerocket's does."""
FETCH: Final = "public.ecr.aws/aws-cli/aws-cli@sha256:749bfaf91d690b9a1768083822d620f96c19defdf9ca2dc227eb3695281fda5b"
"""2.35.11: the AWS command line, which knows Pod Identity from 2.15 on. Of Triton's own S3 client nobody says so
(https://github.com/triton-inference-server/server/issues/6651), and it would fetch the model in the server's time."""
COLLECT: Final = (
    "public.ecr.aws/aws-observability/aws-otel-collector"
    "@sha256:8aa9ea5f67b8d318f7d6af24677e3c70f7098bc0631147cb5fa91addbe980b06"
)
"""v0.43.3: AWS's build of the OpenTelemetry collector."""
