import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.bucket import close_to_the_public, encrypt, keep_versions
from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.log_bucket import LogBucket
from infra.components.statement import Statement, document, only_over_tls

_ROOT: Final = Path(__file__).resolve().parents[2]
_REVISION: Final = re.compile(r"[0-9a-f]{12}")
_STALE_DAYS: Final = 1


class ModelRepository:
    """The files of a Triton model repository by their path in it, e.g. ``embedder/1/model.onnx``.

    `revision` names exactly these bytes at these paths, in 12 hexadecimal digits.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = dict(sorted(files.items()))

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """The SHA-256 of each file, by its path."""
        return {path: hashlib.sha256(file.read_bytes()).hexdigest() for path, file in self.files.items()}

    @property
    def revision(self) -> str:
        """Two repositories have one revision if and only if they are the same."""
        lines = "".join(f"{digest}  {path}\n" for path, digest in self.hashes.items())
        return hashlib.sha256(lines.encode()).hexdigest()[:12]


def shipped_model(*, gpu: bool, root: Path = _ROOT) -> ModelRepository:
    """The model of this checkout as Triton serves it: on GPUs FP16, on processors INT8."""
    configured, weighed = ("model_repo", "model_repo") if gpu else ("model_repo_cloud_cpu", "model_repo_cpu")
    return ModelRepository(
        {
            "embedder/config.pbtxt": root / configured / "embedder" / "config.pbtxt",
            "embedder/1/model.onnx": root / weighed / "embedder" / "1" / "model.onnx",
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStoreArgs:
    """`repository` is uploaded; `revision`, one that was uploaded before, is served instead of it where it is set.

    Who read what is written to `log`. Raises `ValueError` for a revision that is none.
    """

    repository: ModelRepository
    key: DataKey
    protect: bool
    log: LogBucket | None = None
    revision: str | None = None

    def __post_init__(self) -> None:
        """Refuse a revision that cannot be one."""
        if self.revision is not None and not _REVISION.fullmatch(self.revision):
            raise ValueError(f"a revision of the model is 12 hexadecimal digits, not {self.revision!r}")


class ModelStore(pulumi.ComponentResource):
    """The private bucket of models: ``<revision>/embedder/...``, each revision kept, none ever changed.

    `pulumi up` uploads a new model and moves to it in one; to go back is to set an older revision, which is still
    there. No pipeline has to be run in between, and no pod ever sees half a model.
    """

    bucket: pulumi.Output[str]
    """Its name."""
    revision: str
    """What is served."""
    uri: pulumi.Output[str]
    """``s3://<bucket>/<revision>``."""
    uploaded: tuple[aws.s3.BucketObjectv2, ...]
    """For pods to wait for."""

    def __init__(self, name: str, args: ModelStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:ModelStore", name, None, opts)
        self._logical_name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._bucket = aws.s3.Bucket(
            name,
            force_destroy=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.bucket = self._bucket.bucket
        self._close()
        self._keep()
        self._tell()
        self.uploaded = tuple(self._upload(path) for path in args.repository.files)
        self.revision = args.revision or args.repository.revision
        self.uri = pulumi.Output.concat("s3://", self.bucket, "/", self.revision)
        self.register_outputs({"uri": self.uri})

    def allow_read(self, role: ExecutionRole) -> None:
        """Let `role` list and read models."""
        read = Statement(("s3:GetObject",), (pulumi.Output.concat(self._bucket.arn, "/*"),))
        list_all = Statement(("s3:ListBucket",), (self._bucket.arn,))
        role.grant("reads-models", read, list_all, self._args.key.decrypting("s3"))

    def allow_build(self, role: ExecutionRole, *, graph: str, engines: str) -> None:
        """Let `role` read the object `graph`, write below the prefix `engines`, and list what is there."""
        read = Statement(("s3:GetObject",), (pulumi.Output.concat(self._bucket.arn, "/", graph),))
        write = Statement(("s3:PutObject",), (pulumi.Output.concat(self._bucket.arn, "/", engines, "/*"),))
        only = {"StringLike": {"s3:prefix": f"{engines}/*"}}
        look = Statement(("s3:ListBucket",), (self._bucket.arn,), conditions=only)
        # S3 puts a large object's parts together by decrypting them.
        role.grant(
            "builds-engines", read, write, look, self._args.key.decrypting("s3"), self._args.key.encrypting("s3")
        )

    def put(self, key: str, file: pulumi.Asset, digest: str) -> aws.s3.BucketObjectv2:
        """Keep `file`, whose SHA-256 is `digest`, under `key`, from now on."""
        return aws.s3.BucketObjectv2(
            f"{self._logical_name}-{key.replace('/', '-')}",
            bucket=self.bucket,
            key=key,
            source=file,
            source_hash=digest,
            server_side_encryption="aws:kms",
            kms_key_id=self._args.key.arn,
            bucket_key_enabled=True,
            # The next model does not take this one away: pods that start again need it until they are replaced.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )

    def _upload(self, path: str) -> aws.s3.BucketObjectv2:
        repository = self._args.repository
        file = pulumi.FileAsset(str(repository.files[path]))
        return self.put(f"{repository.revision}/{path}", file, repository.hashes[path])

    def _close(self) -> None:
        close_to_the_public(self._logical_name, self._bucket, self._child)
        everything = (self._bucket.arn, pulumi.Output.concat(self._bucket.arn, "/*"))
        policy = document(only_over_tls(*everything, action="s3:*"))
        aws.s3.BucketPolicy(self._logical_name, bucket=self._bucket.id, policy=policy, opts=self._child)
        encrypt(self._logical_name, self._bucket, self._args.key, self._child)

    def _keep(self) -> None:
        versioning = keep_versions(self._logical_name, self._bucket, self._child)
        # Models stay; what was left half uploaded does not.
        rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
            "id": "forget",
            "status": "Enabled",
            "filter": {},
            "abort_incomplete_multipart_upload": {"days_after_initiation": _STALE_DAYS},
        }
        aws.s3.BucketLifecycleConfiguration(
            self._logical_name,
            bucket=self._bucket.id,
            rules=[rule],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _tell(self) -> None:
        if self._args.log is None:
            return
        aws.s3.BucketLogging(
            self._logical_name,
            bucket=self._bucket.id,
            target_bucket=self._args.log.name,
            target_prefix=f"{self._logical_name}/",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._args.log.policy]),
        )
