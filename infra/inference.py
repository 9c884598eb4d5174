"""Where photos become vectors: Triton in a cluster made here, or the one that the shop brings."""

from infra import stack_args as args
from infra.components.brought import BroughtTriton
from infra.components.engine_build import EngineBuild
from infra.components.gpu_cluster import GpuCluster
from infra.components.model_store import ModelStore, shipped_model
from infra.components.triton_service import TritonService
from infra.components.work_queue import WorkQueue
from infra.functions import ROOT
from infra.place import Place


def declare_triton(place: Place, queue: WorkQueue | None) -> tuple[TritonService | BroughtTriton, GpuCluster | None]:
    """The inference service of a region, scaled by what waits in `queue`, if any, and its cluster, if made here."""
    endpoint, name, child = place.config.triton.endpoint, place.naming, place.opts
    if endpoint is not None:
        return BroughtTriton(endpoint, place.network), None
    models = ModelStore(name("models"), args.model_store(place), child)
    cluster = GpuCluster(name("cluster"), args.gpu_cluster(place), child)
    engines = _engines(place, cluster, models)
    return TritonService(name("triton"), args.triton_service(place, cluster, models, engines, queue), child), cluster


def _engines(place: Place, cluster: GpuCluster, models: ModelStore) -> EngineBuild | None:
    """Engines of the model that is shipped here; one that is gone back to is served from its graph."""
    repository = shipped_model(gpu=True)
    if not place.config.triton.engines.enabled or models.revision != repository.revision:
        return None
    from infra.engine_source import engine_source  # noqa: PLC0415 - takes onnx, which nobody else here needs

    source = engine_source(repository, ROOT / "build" / "engines")
    return EngineBuild(place.naming("engines"), args.engine_build(place, cluster, models, source), place.opts)
