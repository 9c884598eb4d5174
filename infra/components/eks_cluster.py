from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components import cluster_addons
from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.pod_identity import assumed_by_pods
from infra.components.statement import Statement, document
from infra.config.values import admin_cidr

_ADMINISTRATOR: Final = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@dataclass(frozen=True, slots=True, kw_only=True)
class EksClusterArgs:
    """Kubernetes' API answers inside `subnet_ids`, and outside to `admin_cidrs` only.

    Whoever makes the cluster administers it, and `administrators` (ARNs) beside them. Raises `ValueError` for a block
    of addresses that is wider than an office, and for a `kubernetes_version` that nobody has chosen add-ons for.
    """

    subnet_ids: Sequence[pulumi.Input[str]]
    key: DataKey
    kubernetes_version: str
    log_retention_days: int
    admin_cidrs: tuple[str, ...] = ()
    administrators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would open the cluster, or could not be made."""
        cluster_addons.check_version(self.kubernetes_version)
        for block in self.admin_cidrs:
            admin_cidr(block)


class EksCluster(pulumi.ComponentResource):
    """The control plane, and who may speak to it: access entries and Pod Identity, no list that is kept by hand."""

    name: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    """EKS' own group, through which the control plane and nodes reach each other."""
    admitted: tuple[pulumi.Resource, ...]
    """What has to be there before an administrator is let in."""

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:EksCluster", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        asked = pulumi.InvokeOptions(parent=self)
        self.account = aws.get_caller_identity_output(opts=asked).account_id
        self.region = aws.get_region_output(opts=asked).region
        self._cluster = self._make()
        self.name = self._cluster.name
        self.security_group_id = self._cluster.vpc_config.cluster_security_group_id
        self.admitted = tuple(entry for who in args.administrators for entry in self._admit(who))
        self.register_outputs({"name": self.name})

    def role_for(self, name: str, *, namespace: str, account: str, parent: pulumi.Resource) -> ExecutionRole:
        """A role for the pods that run under the service account `account` in `namespace`, and for nobody else."""
        opts = pulumi.ResourceOptions(parent=parent)
        role = ExecutionRole(name, opts, assumed_by=self._pods(namespace, account))
        association = aws.eks.PodIdentityAssociation(
            name,
            cluster_name=self.name,
            namespace=namespace,
            service_account=account,
            role_arn=role.arn,
            opts=opts,
        )
        role.grants.append(association)  # a pod that starts before gets no role ever after
        return role

    def install(self, addon: str, *, after: Iterable[pulumi.Resource] = ()) -> pulumi.Resource:
        """Put one of AWS's add-ons into the cluster, in the version chosen for this Kubernetes."""
        return cluster_addons.install(
            f"{self._name}-{addon}",
            addon,
            cluster=self._cluster,
            kubernetes=self._args.kubernetes_version,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )

    def install_cni(self) -> pulumi.Resource:
        """Put in what gives pods their addresses, which it asks EC2 for under a role of its own, not the nodes'."""
        name, account = f"{self._name}-vpc-cni", cluster_addons.CNI_ACCOUNT
        role = ExecutionRole(name, self._child, assumed_by=self._pods("kube-system", account))
        policy = attach(name, role.name, "AmazonEKS_CNI_Policy", parent=self)
        return cluster_addons.install(
            name,
            "vpc-cni",
            cluster=self._cluster,
            kubernetes=self._args.kubernetes_version,
            identity=(account, role),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )

    def kubeconfig(self) -> pulumi.Output[str]:
        """How the AWS command line is asked for a token, each time; it holds no secret."""
        args = ["eks", "get-token", "--cluster-name", self.name, "--region", self.region]
        token = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": args}
        authority = self._cluster.certificate_authority.data
        there = {"server": self._cluster.endpoint, "certificate-authority-data": authority}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "cluster", "cluster": there}],
            "users": [{"name": "deployer", "user": {"exec": token}}],
            "contexts": [{"name": "deployer", "context": {"cluster": "cluster", "user": "deployer"}}],
            "current-context": "deployer",
        }
        return pulumi.Output.json_dumps(config)

    def _pods(self, namespace: str, account: str) -> Statement:
        return assumed_by_pods(self.account, self._cluster.arn, namespace, account)

    def _make(self) -> aws.eks.Cluster:
        args, name = self._args, f"{pulumi.get_project()}-{pulumi.get_stack()}-{self._name}"
        role, granted = self._role()
        return aws.eks.Cluster(
            self._name,
            name=name,
            role_arn=role.arn,
            version=args.kubernetes_version,
            vpc_config={
                "subnet_ids": list(args.subnet_ids),
                "endpoint_private_access": True,
                "endpoint_public_access": bool(args.admin_cidrs),
                "public_access_cidrs": list(args.admin_cidrs) or None,
            },
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": True},
            encryption_config={"provider": {"key_arn": args.key.arn}, "resources": ["secrets"]},
            enabled_cluster_log_types=list(_LOGS),
            # Add-ons are installed in versions that somebody chose.
            bootstrap_self_managed_addons=False,
            # An old version costs six times as much an hour: https://aws.amazon.com/eks/pricing/
            upgrade_policy={"support_type": "STANDARD"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._log(name), *granted]),
        )

    def _log(self, cluster: str) -> aws.cloudwatch.LogGroup:
        # EKS makes this group itself where it is not there, and would keep what is in it for ever, in the clear.
        return aws.cloudwatch.LogGroup(
            self._name,
            name=f"/aws/eks/{cluster}/cluster",
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.key.arn,
            opts=self._child,
        )

    def _role(self) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        name = f"{self._name}-control-plane"
        # EKS documents no condition that it would meet here.
        # https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html
        trust = document(Statement(("sts:AssumeRole",), (), principals={"Service": "eks.amazonaws.com"}))
        role = aws.iam.Role(name, assume_role_policy=trust, opts=self._child)
        # https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html
        actions = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants")
        policy = document(Statement(actions, (self._args.key.arn,)))
        secrets = aws.iam.RolePolicy(f"{name}-encrypts-secrets", role=role.name, policy=policy, opts=self._child)
        return role, [secrets, attach(name, role.name, "AmazonEKSClusterPolicy", parent=self)]

    def _admit(self, principal: str) -> list[pulumi.Resource]:
        name = f"{self._name}-{principal.rpartition('/')[2]}"
        entry = aws.eks.AccessEntry(name, cluster_name=self.name, principal_arn=principal, opts=self._child)
        policy = aws.eks.AccessPolicyAssociation(
            name,
            cluster_name=self.name,
            principal_arn=entry.principal_arn,
            policy_arn=_ADMINISTRATOR,
            access_scope={"type": "cluster"},
            opts=self._child,
        )
        return [entry, policy]


def attach(name: str, role: pulumi.Input[str], policy: str, *, parent: pulumi.Resource) -> aws.iam.RolePolicyAttachment:
    """Give `role` one of AWS's own policies, which EKS asks for by name."""
    arn = f"arn:aws:iam::aws:policy/{policy}"
    return aws.iam.RolePolicyAttachment(name, role=role, policy_arn=arn, opts=pulumi.ResourceOptions(parent=parent))
