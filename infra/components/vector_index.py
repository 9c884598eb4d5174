from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.index_logs import IndexLogs
from infra.components.index_size import IndexSize
from infra.components.lambda_function import LambdaFunction
from infra.components.network import HTTPS, Network
from infra.components.statement import Statement
from lookalike.adapters.opensearch.access import SEARCH, WRITE, IndexAccess
from lookalike.adapters.opensearch.mapping import IndexLayout

ENGINE: Final = "OpenSearch_2.19"
"""The version that the adapter is tested against."""
_TLS: Final = "Policy-Min-TLS-1-2-PFS-2023-10"
"""https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DomainEndpointOptions.html"""
_ACTION_OF: Final = {"GET": "es:ESHttpGet", "POST": "es:ESHttpPost", "PUT": "es:ESHttpPut", "PATCH": "es:ESHttpPatch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorIndexArgs:
    """A domain in the first zones of `network`, sized for `photos_expected`, encrypted with `key`.

    `keeper`, a function in the same network, is the domain's master: it tells OpenSearch which roles may do what
    (``functions.index_access``). `service_role` is AWS's own role for domains in a network, where this stack makes it.
    """

    network: Network
    key: DataKey
    size: IndexSize
    photos_expected: int
    keeper: LambdaFunction
    account: pulumi.Input[str]
    protect: bool
    log_retention_days: int
    service_role: pulumi.Resource | None = None


class VectorIndex(pulumi.ComponentResource):
    """OpenSearch with k-NN, reached from its network alone, over TLS 1.2 or newer, by roles that were allowed.

    A role is allowed twice, by IAM as to its requests and by OpenSearch as to what they do (docs/adr/0010). AWS takes
    a snapshot every hour and keeps it for 14 days, whatever is set here:
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-snapshots.html
    """

    endpoint: pulumi.Output[str]
    """``https://…``"""
    security_group: aws.ec2.SecurityGroup

    def __init__(self, name: str, args: VectorIndexArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises `pulumi.RunError` where the photos do not fit."""
        super().__init__("lookalike:components:VectorIndex", name, None, opts)
        self._name, self._network, self._keeper = name, args.network, args.keeper
        try:
            args.size.refuse_unless_holds(args.photos_expected)
        except ValueError as error:
            raise pulumi.RunError(str(error)) from error
        self.security_group = args.network.security_group(name, "The vector index", parent=self)
        self.domain = self._make(args)
        self.endpoint = pulumi.Output.concat("https://", self.domain.endpoint)
        self._ready = self._let_keeper_in()
        self.register_outputs({"endpoint": self.endpoint})

    def admit(self, group: aws.ec2.SecurityGroup) -> tuple[pulumi.Resource, ...]:
        """Let members of `group` reach the index; what they may ask of it their roles say."""
        return self._network.allow(group, self.security_group, HTTPS, "asks the vector index")

    def allow_search(self, role: ExecutionRole) -> None:
        """Let `role` search, count, and read what the indexes are."""
        self._allow(role, SEARCH)

    def allow_write(self, role: ExecutionRole) -> None:
        """Let `role` search, and put in, change and take out entries; it makes a catalogue's first index as well."""
        self._allow(role, WRITE)

    def _allow(self, role: ExecutionRole, access: IndexAccess) -> None:
        statements = [
            Statement((action,), tuple(self._indexes(path) for path in paths))
            for action, paths in _by_action(access).items()
        ]
        granted = role.grant(f"asks-{self._name}", *statements)
        self._tell(role, access, granted)

    def _indexes(self, path: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(self.domain.arn, "/", IndexLayout().prefix, "_*", path)

    def _tell(self, role: ExecutionRole, access: IndexAccess, granted: pulumi.Resource) -> None:
        called = f"{self._name}-{role.pulumi_resource_name}"
        told = {"endpoint": self.endpoint, "role": called, "access": access.name, "backend_role": role.arn}
        aws.lambda_.Invocation(
            called,
            function_name=self._keeper.name,
            input=pulumi.Output.json_dumps(told),
            # Again, too, when the kind of access means something else than before.
            triggers={"means": repr(access)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted, *self._ready]),
        )

    def _let_keeper_in(self) -> tuple[pulumi.Resource, ...]:
        if self._keeper.security_group is None:
            raise ValueError("the index's keeper must stand in the index's network")
        security = pulumi.Output.concat(self.domain.arn, "/_plugins/_security/api/")
        roles = tuple(pulumi.Output.concat(security, kind, "/", self._name, "-*") for kind in ("roles", "rolesmapping"))
        audit = (pulumi.Output.concat(security, "audit"),)
        writes = (Statement((_ACTION_OF["PUT"],), roles), Statement((_ACTION_OF["PATCH"],), audit))
        granted = self._keeper.role.grant(f"keeps-{self._name}", *writes)
        return (granted, *self.admit(self._keeper.security_group))

    def _make(self, args: VectorIndexArgs) -> aws.opensearch.Domain:
        logs = IndexLogs(
            self._name,
            account=args.account,
            key=args.key,
            retention_days=args.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        waits_for = [logs.policy, *([args.service_role] if args.service_role else [])]
        return aws.opensearch.Domain(
            self._name,
            engine_version=ENGINE,
            cluster_config=_cluster(args.size),
            vpc_options={
                "subnet_ids": list(args.network.private_subnet_ids[: args.size.zones]),
                "security_group_ids": [self.security_group.id],
            },
            encrypt_at_rest={"enabled": True, "kms_key_id": args.key.arn},
            node_to_node_encryption={"enabled": True},
            domain_endpoint_options={"enforce_https": True, "tls_security_policy": _TLS},
            advanced_security_options={
                "enabled": True,
                "internal_user_database_enabled": False,
                "master_user_options": {"master_user_arn": args.keeper.role.arn},
            },
            # Else the body of a bulk or a multi-search could name indexes that its path, which IAM reads, does not.
            advanced_options={"rest.action.multi.allow_explicit_index": "false"},
            ebs_options={"ebs_enabled": True, "volume_type": "gp3", "volume_size": args.size.volume_gb},
            log_publishing_options=logs.options,
            auto_tune_options=_tuning(args.size),
            off_peak_window_options={"enabled": True},
            software_update_options={"auto_software_update_enabled": True},
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=waits_for),
        )


def _cluster(size: IndexSize) -> aws.opensearch.DomainClusterConfigArgsDict:
    spread = size.zones > 1
    cluster: aws.opensearch.DomainClusterConfigArgsDict = {
        "instance_type": size.instance_type,
        "instance_count": size.instances,
        "zone_awareness_enabled": spread,
        "dedicated_master_enabled": size.managers > 0,
    }
    if spread:
        cluster["zone_awareness_config"] = {"availability_zone_count": size.zones}
    if size.managers and size.manager_type:
        cluster["dedicated_master_count"] = size.managers
        cluster["dedicated_master_type"] = size.manager_type
    return cluster


def _tuning(size: IndexSize) -> aws.opensearch.DomainAutoTuneOptionsArgs | None:
    # AWS refuses the very word for burstable instances, even to say no.
    # https://github.com/hashicorp/terraform-provider-aws/issues/30205
    if size.burstable:
        return None
    return aws.opensearch.DomainAutoTuneOptionsArgs(
        desired_state="ENABLED", use_off_peak_window=True, rollback_on_disable="NO_ROLLBACK"
    )


def _by_action(access: IndexAccess) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for method, path in access.requests:
        paths.setdefault(_ACTION_OF[method], []).append(path)
    return paths
