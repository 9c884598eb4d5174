import json
from typing import Final

from tritonclient.grpc import InferenceServerClient

_LONGEST_MESSAGE: Final = 64 << 20  # 32 photos of 224 pixels are 4.8 MB
_SERVICE: Final[dict[str, object]] = {"loadBalancingConfig": [{"round_robin": {}}]}
_CHANNEL: Final = (
    ("grpc.max_send_message_length", _LONGEST_MESSAGE),
    ("grpc.max_receive_message_length", _LONGEST_MESSAGE),
    # A server that comes back is found within a second or two; gRPC's own back-off grows to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Where the name stands for several servers, each gets its share.
    ("grpc.service_config", json.dumps(_SERVICE)),
    # A connection that died in silence is noticed while a call waits on it.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)


def open_client(address: str, *, tls: bool = False) -> InferenceServerClient:
    """A client of the Triton server at `address`, host:port: one channel, shared by all threads. Connects on use.

    `tls` asks for an encrypted channel, checked against the system's certificate authorities. Whoever opens it closes
    it.
    """
    return InferenceServerClient(address, ssl=tls, channel_args=list(_CHANNEL))
