"""Where photos become vectors: Triton in a cluster made here, or the one that the shop brings."""

from infra import stack_args as args
from infra.components.brought import BroughtTriton
from infra.components.gpu_cluster import GpuCluster
from infra.components.model_store import ModelStore
from infra.components.triton_service import TritonService
from infra.components.work_queue import WorkQueue
from infra.place import Place


def declare_triton(place: Place, queue: WorkQueue | None) -> tuple[TritonService | BroughtTriton, GpuCluster | None]:
    """The inference service of a region, scaled by what waits in `queue`, if any, and its cluster, if made here."""
    endpoint, name, child = place.config.triton.endpoint, place.naming, place.opts
    if endpoint is not None:
        return BroughtTriton(endpoint, place.network), None
    models = ModelStore(name("models"), args.model_store(place), child)
    cluster = GpuCluster(name("cluster"), args.gpu_cluster(place), child)
    return TritonService(name("triton"), args.triton_service(place, cluster, models, queue), child), cluster
