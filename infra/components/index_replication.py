from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.vector_index import VectorIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """An index, the `region` it is in, and the provider that speaks to that region."""

    index: VectorIndex
    region: str
    provider: aws.Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReplicationArgs:
    """`follower` may take over what is written to `leader`, another region's index of the same `account`."""

    leader: Located
    follower: Located
    account: pulumi.Input[str]


class IndexReplication(pulumi.ComponentResource):
    """The line by which one index follows another: what is indexed in one region is found in both, seconds later.

    The follower fetches, and is read only. Which indexes it follows is told to it through OpenSearch's own API, once
    (docs/adr/0015-one-region-writes.md).
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/replication.html
    """

    def __init__(self, name: str, args: IndexReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:IndexReplication", name, None, opts)
        asked = aws.opensearch.OutboundConnection(
            name,
            connection_alias=name,
            connection_mode="DIRECT",
            local_domain_info={
                "owner_id": args.account,
                "region": args.follower.region,
                "domain_name": args.follower.index.domain.domain_name,
            },
            remote_domain_info={
                "owner_id": args.account,
                "region": args.leader.region,
                "domain_name": args.leader.index.domain.domain_name,
            },
            opts=pulumi.ResourceOptions(parent=self, provider=args.follower.provider),
        )
        aws.opensearch.InboundConnectionAccepter(
            name,
            connection_id=asked.id,
            opts=pulumi.ResourceOptions(parent=self, provider=args.leader.provider),
        )
        self.register_outputs({})
