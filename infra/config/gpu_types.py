from collections.abc import Iterable, Mapping
from typing import Final

from inference.compile.tensorrt import Gpu
from infra.config.cluster import NodeGroupConfig

_FAMILIES: Final[Mapping[str, Gpu]] = {
    "g4dn": Gpu.T4,
    "g5": Gpu.A10G,
    "g6": Gpu.L4,
    "gr6": Gpu.L4,
    "g6e": Gpu.L40S,
    "p4d": Gpu.A100,
    "p5": Gpu.H100,
}
"""What the machines of a family have. Slices of a GPU (g6f) and larger siblings (p4de, p5e) are types of their own.
https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html"""


def pools_by_gpu(groups: Mapping[str, NodeGroupConfig]) -> Mapping[Gpu, tuple[str, ...]]:
    """Which of these groups, by their pool's name, have which type of GPU.

    Raises `ValueError` for a group of several types, whose next machine nobody could choose, for a type that no engine
    is built for, and for two types that Triton cannot tell apart.
    """
    pools: dict[Gpu, tuple[str, ...]] = {}
    for pool, group in groups.items():
        gpu = _gpu_of(pool, group.instance_types)
        pools[gpu] = (*pools.get(gpu, ()), pool)
    if len({gpu.compute_capability for gpu in pools}) < len(pools):
        raise ValueError(f"Triton cannot tell {' and '.join(pools)} apart: engines are for one of them")
    return pools


def _gpu_of(pool: str, instance_types: Iterable[str]) -> Gpu:
    families = {name.partition(".")[0] for name in instance_types}
    unknown = sorted(families - set(_FAMILIES))
    if unknown:
        raise ValueError(f"no engine is built for the GPUs of {', '.join(unknown)} ({pool}), only for {_known()}")
    gpus = sorted({_FAMILIES[family] for family in families})
    if len(gpus) > 1:
        raise ValueError(f"{pool} has GPUs of several types ({', '.join(gpus)}): engines need groups of one type each")
    return gpus[0]


def _known() -> str:
    return ", ".join(_FAMILIES)
