import re
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.network import Network
from infra.components.statement import Statement
from lookalike.adapters.redis.embedding_cache import ACCESS

_ENGINE: Final = "valkey"
_VERSION: Final = "8.0"
_PORT: Final = 6379
_LONGEST_ID: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingCacheArgs:
    """A primary of `node_type` (``cache.t4g.micro``) in `network`, and as many `replicas` in its other zones."""

    network: Network
    key: DataKey
    node_type: str
    replicas: int


class EmbeddingCache(pulumi.ComponentResource):
    """Valkey, over TLS alone, where IAM lets in one user who may read and write predictions and nothing else.

    Nothing in it is missed: a node that is lost costs inferences, so that there are no snapshots, and a replica only
    where the flash sale must not wait for them. A node is paid by the hour; without a server, at the least 100 MB and
    each request are, which is less for a shop that sleeps and several times as much for one that sells.
    https://aws.amazon.com/elasticache/pricing/
    """

    url: pulumi.Output[str]
    """``rediss://host:port``"""
    name: pulumi.Output[str]
    """For which IAM signs."""
    user: pulumi.Output[str]
    """Whom IAM lets in."""
    security_group: aws.ec2.SecurityGroup

    def __init__(self, name: str, args: EmbeddingCacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:EmbeddingCache", name, None, opts)
        self._name, self._network = name, args.network
        self._child = pulumi.ResourceOptions(parent=self)
        self.security_group = args.network.security_group(name, "The embedding cache", parent=self)
        self._user = self._make_user()
        self._cache = self._make(args)
        self.url = pulumi.Output.concat("rediss://", self._cache.primary_endpoint_address, f":{_PORT}")
        self.name, self.user = self._cache.replication_group_id, self._user.user_name
        self.register_outputs({"url": self.url})

    def admit(self, group: aws.ec2.SecurityGroup) -> tuple[pulumi.Resource, ...]:
        """Let members of `group` reach the cache; whether it lets them in, their roles say."""
        return self._network.allow(group, self.security_group, _PORT, "asks the embedding cache")

    def allow_use(self, role: ExecutionRole) -> None:
        """Let `role` log in as the cache's user, who reads and writes."""
        # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
        logs_in = Statement(("elasticache:Connect",), (self._cache.arn, self._user.arn))
        role.grant(f"uses-{self._name}", logs_in)

    def _make_user(self) -> aws.elasticache.User:
        identifier = _identifier(f"{pulumi.get_project()}-{pulumi.get_stack()}-{self._name}")
        return aws.elasticache.User(
            self._name,
            user_id=identifier,
            user_name=identifier,  # IAM wants the two to be equal
            engine=_ENGINE,
            access_string=ACCESS,
            authentication_mode={"type": "iam"},
            opts=self._child,
        )

    def _make(self, args: EmbeddingCacheArgs) -> aws.elasticache.ReplicationGroup:
        users = aws.elasticache.UserGroup(
            self._name,
            engine=_ENGINE,
            user_group_id=self._user.user_id,
            user_ids=[self._user.user_id],
            opts=self._child,
        )
        subnets = aws.elasticache.SubnetGroup(
            self._name, subnet_ids=list(args.network.private_subnet_ids), opts=self._child
        )
        return aws.elasticache.ReplicationGroup(
            self._name,
            description="Lookalike: predictions by photo and model",
            engine=_ENGINE,
            engine_version=_VERSION,
            node_type=args.node_type,
            port=_PORT,
            num_cache_clusters=1 + args.replicas,
            automatic_failover_enabled=args.replicas > 0,
            multi_az_enabled=args.replicas > 0,
            subnet_group_name=subnets.name,
            security_group_ids=[self.security_group.id],
            user_group_ids=[users.user_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            kms_key_id=args.key.arn,
            auto_minor_version_upgrade=True,
            opts=self._child,
        )


def _identifier(text: str) -> str:
    """`text` as ElastiCache names users: lower-case letters, digits and single dashes, a letter first."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_LONGEST_ID].strip("-")
