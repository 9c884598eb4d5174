"""What a shop brings instead of what would be made here: reached by address, opened to us by the shop itself."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pulumi_aws as aws

from infra.components.execution_role import ExecutionRole
from infra.components.network import Network


@dataclass(frozen=True, slots=True)
class BroughtIndex:
    """An OpenSearch of the shop's own at `endpoint`, in `VectorIndex`'s place."""

    endpoint: str
    network: Network

    def admit(self, group: aws.ec2.SecurityGroup) -> None:
        """Let members of `group` out to it."""
        parts = urlsplit(self.endpoint)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.network.let_out_to_internet(group, "asks the index that the shop brings", port)

    def allow_search(self, role: ExecutionRole) -> None:
        """Leave it to the shop to let `role` search."""

    def allow_write(self, role: ExecutionRole) -> None:
        """Leave it to the shop to let `role` write."""


@dataclass(frozen=True, slots=True)
class BroughtTriton:
    """A Triton of the shop's own at `endpoint`, host:port, in `TritonService`'s place."""

    endpoint: str
    network: Network

    def admit(self, group: aws.ec2.SecurityGroup) -> None:
        """Let members of `group` out to it."""
        port = int(self.endpoint.rpartition(":")[2])
        self.network.let_out_to_internet(group, "asks the inference service that the shop brings", port)
