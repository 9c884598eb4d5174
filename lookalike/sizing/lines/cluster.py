from collections.abc import Iterator

from lookalike.sizing.demand import HOURS_A_MONTH
from lookalike.sizing.line import Line, Stack
from lookalike.sizing.triton_replicas import triton_replicas

_SYSTEM_GB = 20


def cluster(stack: Stack) -> Iterator[Line]:
    """EKS: control plane, nodes that are always there, nodes of the peak (which may be spot), volumes, the balancer."""
    shape, prices = stack.shape.cluster, stack.prices
    price = prices[f"ec2.{shape.instance_type}"]
    extra = nodes_at_the_peak(stack) - shape.baseline
    hours = extra * stack.demand.peak_hours_a_month
    yield Line(component="cluster", what="control plane", quantity=HOURS_A_MONTH, price=prices["eks.cluster"])
    yield Line(
        component="cluster",
        what=f"{shape.baseline} x {shape.instance_type}, always",
        quantity=shape.baseline * HOURS_A_MONTH,
        price=price,
    )
    if shape.system:
        yield Line(
            component="cluster",
            what=f"{shape.system} x {shape.system_type}, for the cluster itself",
            quantity=shape.system * HOURS_A_MONTH,
            price=prices[f"ec2.{shape.system_type}"],
        )
    if extra:
        yield Line(
            component="cluster",
            what=f"{extra} x {shape.instance_type}, at the peak",
            quantity=hours,
            price=price,
            spot=prices.prices.get(f"spot.{shape.instance_type}"),
        )
    yield Line(
        component="cluster",
        what="volumes of the nodes, gp3",
        quantity=shape.disk_gb * (shape.baseline + hours / HOURS_A_MONTH) + _SYSTEM_GB * shape.system,
        price=prices["ebs.gp3"],
    )
    yield Line(component="cluster", what="balancer before Triton", quantity=HOURS_A_MONTH, price=prices["nlb.hours"])
    yield Line(component="cluster", what="balancer, capacity", quantity=HOURS_A_MONTH, price=prices["nlb.capacity"])


def nodes_at_the_peak(stack: Stack) -> int:
    """Nodes that the peak needs: at least the baseline, at most what the profile lets the cluster grow to."""
    shape = stack.shape.cluster
    needed = triton_replicas(stack.demand.photos_a_second, of_one=shape.photos_a_second, least=shape.baseline)
    return min(shape.most, needed)
