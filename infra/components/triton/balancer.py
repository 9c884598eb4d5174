from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.network import Network
from infra.components.node_group import NodeGroup
from infra.components.triton import draining
from infra.components.triton.names import GRPC, NODE_GRPC, NODE_HEALTH

_HEALTHY: Final = "/healthz"


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerArgs:
    """Leads from `network` to the pods on nodes of `groups`, all of which are in the security group `nodes`."""

    network: Network
    nodes: aws.ec2.SecurityGroup
    groups: tuple[NodeGroup, ...]
    protect: bool


class Balancer(pulumi.ComponentResource):
    """The one name under which functions find the model: a Network Load Balancer inside the network.

    It sends a connection to a node that has a pod, with its sender's own address, and the node hands it to that pod.
    AWS's controller would make one for a service by itself, under a role that may do almost anything to load
    balancers, with a name that is known only afterwards and remains that `pulumi destroy` does not know of.
    """

    endpoint: pulumi.Output[str]
    """``host:port`` of gRPC."""

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:Balancer", name, None, opts)
        self._name, self._network = name, args.network
        self._child = pulumi.ResourceOptions(parent=self)
        self._group = args.network.security_group(f"{name}-balancer", "Who asks the model", parent=self)
        args.network.allow(self._group, args.nodes, NODE_GRPC, "Requests for the model")
        args.network.allow(self._group, args.nodes, NODE_HEALTH, "Whether the node has a model")
        self._balancer = self._make(args)
        self._lead(args)
        self.endpoint = pulumi.Output.concat(self._balancer.dns_name, f":{GRPC}")
        self.register_outputs({"endpoint": self.endpoint})

    def admit(self, group: aws.ec2.SecurityGroup) -> None:
        """Let members of `group` ask the model."""
        self._network.allow(group, self._group, GRPC, "Asks the model")

    def _make(self, args: BalancerArgs) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            self._name,
            load_balancer_type="network",
            internal=True,
            subnets=list(args.network.private_subnet_ids),
            security_groups=[self._group.id],
            # There are fewer pods than would be alike in every zone.
            enable_cross_zone_load_balancing=True,
            enable_deletion_protection=args.protect,
            opts=self._child,
        )

    def _lead(self, args: BalancerArgs) -> None:
        target = self._target(args)
        aws.lb.Listener(
            self._name,
            load_balancer_arn=self._balancer.arn,
            port=GRPC,
            protocol="TCP",
            default_actions=[{"type": "forward", "target_group_arn": target.arn}],
            opts=self._child,
        )
        for group in args.groups:
            aws.autoscaling.Attachment(
                f"{self._name}-{group.pool}",
                autoscaling_group_name=group.scaling_group,
                lb_target_group_arn=target.arn,
                opts=self._child,
            )

    def _target(self, args: BalancerArgs) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            self._name,
            vpc_id=args.network.vpc_id,
            target_type="instance",
            protocol="TCP",
            port=NODE_GRPC,
            preserve_client_ip="true",
            health_check={
                "protocol": "HTTP",
                "port": str(NODE_HEALTH),
                "path": _HEALTHY,
                "interval": draining.CHECK_S,
                "timeout": draining.CHECK_S - 1,
                "healthy_threshold": draining.CHECKS,
                "unhealthy_threshold": draining.CHECKS,
            },
            # Connections to a pod that goes are left to end by themselves.
            target_health_states=[
                {
                    "enable_unhealthy_connection_termination": False,
                    "unhealthy_draining_interval": draining.GRACE_S,
                }
            ],
            deregistration_delay=draining.GRACE_S,
            opts=self._child,
        )
