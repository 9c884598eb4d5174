import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes

from inference.compile.tensorrt import Batches, Gpu, Precision, Recipe
from inference.serving.generate import ConfigGenerator
from inference.serving.repositories import engine_spec
from inference.serving.spec import ModelSpec
from infra.components import helm_chart
from infra.components.gpu_cluster import GpuCluster
from infra.components.model_store import ModelStore
from infra.components.triton.engine_pod import ACCOUNT, EnginePodArgs, engine_pod
from infra.components.triton.network_policies import out_to_aws
from infra.config.gpu_types import pools_by_gpu

_SPACE: Final = "engines"
_LABELS: Final = {"app.kubernetes.io/name": ACCOUNT, "app.kubernetes.io/part-of": "lookalike"}
_DEADLINE_S: Final = 2700
"""A node that is started takes two to four minutes, the image about as long, building some minutes more."""
_TRIES: Final = 3
_KEPT_S: Final = 86_400
"""A day, in which somebody may read what a job said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSource:
    """A model's `graph` as TensorRT takes it, its SHA-256 and types, and how Triton serves it without engines."""

    graph: Path
    digest: str
    precision: Precision
    served: ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineBuildArgs:
    """`image` builds engines of `source`, a model in `models`, on the GPUs of `cluster` that serve, and will run them.

    They are tuned for `best_batch` photos; building takes up to `workspace_mib` of a GPU.
    """

    cluster: GpuCluster
    models: ModelStore
    source: EngineSource
    image: str
    best_batch: int
    workspace_mib: int


class EngineBuild(pulumi.ComponentResource):
    """TensorRT's engines, built ahead: for each type of GPU that serves a job, which does nothing where its engine is.

    They lie in ``engines/<the model's revision>/<Triton's image>/<what they are made from>``, a repository that Triton
    can serve: same model, image, graph and recipe, same place. Nothing in it is ever replaced.
    """

    uri: pulumi.Output[str]
    """``s3://<bucket>/engines/...``, known when all engines are there."""

    def __init__(self, name: str, args: EngineBuildArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises `ValueError` for GPUs that no engine can be built for, and for batches beyond the model's."""
        super().__init__("lookalike:components:EngineBuild", name, None, opts)
        self._name, self._args = name, args
        self._pools = pools_by_gpu({group.pool: group.size for group in args.cluster.serving})
        self._recipes = {gpu: _recipe(args, gpu) for gpu in self._pools}
        plans = {gpu.compute_capability: _plan(gpu) for gpu in self._pools}
        config = ConfigGenerator(engine_spec(args.source.served, plans, args.best_batch)).to_pbtxt()
        self._graph = f"graphs/{args.source.digest[:12]}.onnx"
        self._folder = f"engines/{args.models.revision}/{_version(args.image)}/{self._made_from(config)}"
        stored = self._store(config)
        ready = self._prepare()
        jobs = [self._build(gpu, [*ready, *stored]) for gpu in self._pools]
        there = pulumi.Output.concat("s3://", args.models.bucket, "/", self._folder)
        self.uri = pulumi.Output.all(there, *(job.id for job in jobs)).apply(lambda known: str(known[0]))
        self.register_outputs({"uri": self.uri})

    def _made_from(self, config: str) -> str:
        """12 hexadecimal digits that name graph, recipes and configuration."""
        recipes = [" ".join(recipe.arguments(Path("graph"), Path("engine"))) for recipe in self._recipes.values()]
        return hashlib.sha256("\n".join([self._args.source.digest, *recipes, config]).encode()).hexdigest()[:12]

    def _store(self, config: str) -> list[pulumi.Resource]:
        models, source = self._args.models, self._args.source
        digest = hashlib.sha256(config.encode()).hexdigest()
        return [
            models.put(self._graph, pulumi.FileAsset(str(source.graph)), source.digest),
            models.put(f"{self._folder}/{source.served.name}/config.pbtxt", pulumi.StringAsset(config), digest),
        ]

    def _prepare(self) -> list[pulumi.Resource]:
        """A room in which pods reach AWS and nobody else, and a role that may do no more than is needed."""
        cluster = self._args.cluster
        space = helm_chart.namespace(self._name, _SPACE, parent=self, provider=cluster.provider)
        self._child = pulumi.ResourceOptions(parent=self, provider=cluster.provider, depends_on=[space])
        role = cluster.eks.role_for(self._name, namespace=_SPACE, account=ACCOUNT, parent=self)
        self._args.models.allow_build(role, graph=self._graph, engines=f"engines/{self._args.models.revision}")
        account = kubernetes.core.v1.ServiceAccount(
            self._name, metadata=_meta(ACCOUNT), automount_service_account_token=False, opts=self._child
        )
        shut = kubernetes.networking.v1.NetworkPolicy(
            self._name,
            metadata=_meta(ACCOUNT),
            spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"], "egress": out_to_aws()},
            opts=self._child,
        )
        return [account, shut, *role.grants]

    def _build(self, gpu: Gpu, after: list[pulumi.Resource]) -> kubernetes.batch.v1.Job:
        meta = _meta(f"engine-{gpu.lower()}")
        # One that failed is begun anew by the next `pulumi up`.
        meta["annotations"] = {"pulumi.com/replaceUnready": "true"}
        waits = pulumi.CustomTimeouts(create=f"{_DEADLINE_S + 300}s", update=f"{_DEADLINE_S + 300}s")
        return kubernetes.batch.v1.Job(
            f"{self._name}-{gpu.lower()}",
            metadata=meta,
            spec={
                "backoff_limit": _TRIES - 1,
                "active_deadline_seconds": _DEADLINE_S,
                "ttl_seconds_after_finished": _KEPT_S,
                "template": {"metadata": {"labels": dict(_LABELS)}, "spec": engine_pod(self._pod(gpu))},
            },
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=after, custom_timeouts=waits)
            ),
        )

    def _pod(self, gpu: Gpu) -> EnginePodArgs:
        args = self._args
        return EnginePodArgs(
            recipe=self._recipes[gpu],
            image=args.image,
            pools=self._pools[gpu],
            bucket=args.models.bucket,
            graph=self._graph,
            engine=f"{self._folder}/{args.source.served.name}/1/{_plan(gpu)}",
            region=args.cluster.eks.region,
        )


def _recipe(args: EngineBuildArgs, gpu: Gpu) -> Recipe:
    served = args.source.served
    batches = Batches(1, args.best_batch, served.max_batch_size)
    return Recipe(gpu, args.source.precision, served.inputs[0].dims[0], batches, args.workspace_mib)


def _plan(gpu: Gpu) -> str:
    return f"{gpu}.plan"


def _version(image: str) -> str:
    """The first digits of an image's digest."""
    return image.rpartition(":")[2][:12]


def _meta(name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
    return {"name": name, "namespace": _SPACE, "labels": dict(_LABELS)}
