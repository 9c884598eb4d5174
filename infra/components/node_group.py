from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.config import NodeGroupConfig

POOL: Final = "lookalike/pool"
"""The label that says which group a node is of."""
GPU: Final = "nvidia.com/gpu"
"""The taint of nodes that have one, and what their device plugin calls it."""
BATCH: Final = "lookalike/batch"
# Bottlerocket starts from one disk and keeps images, logs and what pods write on another:
# https://bottlerocket.dev/en/os/latest/#/concepts/components/#volumes
_SYSTEM_DISK, _DATA_DISK = "/dev/xvda", "/dev/xvdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGroupArgs:
    """`size` says which machines, and how many; `taints` keep pods out that do not tolerate them.

    A group of `gpu` machines runs Bottlerocket's NVIDIA variant, which brings driver and device plugin. `spot` machines
    may be taken away at two minutes' notice. `warm` machines wait, stopped, to be started. Every machine is in all
    `security_groups`, and carries `tags`, as do its disks. None is started before what is in `after` is there.
    """

    cluster: pulumi.Input[str]
    kubernetes_version: str
    role_arn: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    security_groups: Sequence[pulumi.Input[str]]
    size: NodeGroupConfig
    gpu: bool
    spot: bool = False
    warm: int = 0
    taints: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    after: Sequence[pulumi.Resource] = ()


class NodeGroup(pulumi.ComponentResource):
    """Machines of one kind, which EKS starts, mends, replaces and drains, those of the spot market included.

    Hence no termination handler of our own: EKS drains a spot node on a rebalance recommendation or an interruption.
    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
    """

    pool: str
    """What its nodes' `POOL` label says."""
    scaling_group: pulumi.Output[str]
    """Name of the Auto Scaling group beneath."""

    def __init__(self, name: str, args: NodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """`name` ends in the pool's: ``gpu-baseline`` is the pool ``baseline``."""
        super().__init__("lookalike:components:NodeGroup", name, None, opts)
        self.pool, self.size = name.rpartition("-")[2], args.size
        template = self._template(name, args)
        self._group = self._make(name, args, template)
        self.scaling_group = self._group.resources[0].autoscaling_groups[0].name
        self.register_outputs({"scaling_group": self.scaling_group})

    @property
    def grows(self) -> bool:
        """Whether its size is for somebody to change."""
        return self.size.most > self.size.least

    def _template(self, name: str, args: NodeGroupArgs) -> aws.ec2.LaunchTemplate:
        return aws.ec2.LaunchTemplate(
            name,
            update_default_version=True,
            vpc_security_group_ids=list(args.security_groups),
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                # The answer does not reach into pods, which would find the node's role there.
                "http_put_response_hop_limit": 1,
                "instance_metadata_tags": "disabled",
            },
            block_device_mappings=[_disk(_SYSTEM_DISK, None), _disk(_DATA_DISK, args.size.disk_gb)],
            monitoring={"enabled": True},
            tag_specifications=[
                {"resource_type": kind, "tags": {**args.tags, "Name": name}} for kind in ("instance", "volume")
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make(self, name: str, args: NodeGroupArgs, template: aws.ec2.LaunchTemplate) -> aws.eks.NodeGroup:
        return aws.eks.NodeGroup(
            name,
            cluster_name=args.cluster,
            version=args.kubernetes_version,
            node_role_arn=args.role_arn,
            subnet_ids=list(args.subnet_ids),
            ami_type="BOTTLEROCKET_x86_64_NVIDIA" if args.gpu else "BOTTLEROCKET_x86_64",
            capacity_type="SPOT" if args.spot else "ON_DEMAND",
            instance_types=list(args.size.instance_types),
            scaling_config={"min_size": args.size.least, "max_size": args.size.most, "desired_size": args.size.least},
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            labels={POOL: self.pool},
            taints=[{"key": taint, "value": "present", "effect": "NO_SCHEDULE"} for taint in args.taints],
            update_config={"max_unavailable": 1},
            node_repair_config={"enabled": True},
            warm_pool_config=_warm_pool(args),
            # Whoever scales the group decides how many there are; the next `up` must not undo it.
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["scalingConfig.desiredSize"], depends_on=list(args.after)
            ),
        )


def _disk(device: str, gib: int | None) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgsDict:
    # By the account's own EBS key: with the data key, Auto Scaling's service-linked role would have to be named in the
    # key's policy, which KMS refuses before that role exists. Nothing of a shop stays on these disks: photos on their
    # way to the model are in memory only.
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
    plain: aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "encrypted": "true",
        "volume_type": "gp3",
        "delete_on_termination": "true",
    }
    return {"device_name": device, "ebs": plain if gib is None else {**plain, "volume_size": gib}}


def _warm_pool(args: NodeGroupArgs) -> aws.eks.NodeGroupWarmPoolConfigArgsDict | None:
    # https://docs.aws.amazon.com/eks/latest/userguide/warm-pools-managed-node-groups.html
    if not args.warm:
        return None
    return {"min_size": args.warm, "max_group_prepared_capacity": args.size.most, "pool_state": "STOPPED"}
