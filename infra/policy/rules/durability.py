"""What cannot be made again is hard to lose."""

from collections.abc import Iterator, Mapping
from typing import Final

from infra.policy.rule import AnyRule, EstateRule, Finding, Rule
from infra.policy.rules.exposure import BUCKET
from infra.policy.subject import Estate, Inputs, is_true, look

STATEFUL: Final = (
    BUCKET,
    "aws:dynamodb/table:Table",
    "aws:sqs/queue:Queue",
    "aws:kms/key:Key",
    "aws:opensearch/domain:Domain",
    "aws:cognito/userPool:UserPool",
)
"""What holds something that exists nowhere else."""
REBUILT: Final[Mapping[str, str]] = {"website": "its pages are in the repository, and put there by `pulumi up`"}
"""Stores that hold nothing of their own, by name, and where it comes from."""
_VERSIONING: Final = "aws:s3/bucketVersioning:BucketVersioning"
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {"aws:dynamodb/table:Table": ("pointInTimeRecovery.enabled",)}
_LONGEST_WINDOW_DAYS: Final = 30


def _protected(estate: Estate) -> Iterator[Finding]:
    for store in (one for one in estate.of(*STATEFUL) if one.name not in REBUILT):
        if not store.protect:
            yield store, "can be deleted by one command"
        yield from ((store, said) for said in _guarded(store.type, store.inputs))


def _guarded(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == "aws:dynamodb/table:Table" and not is_true(inputs.get("deletionProtectionEnabled")):
        yield "AWS itself would delete it at one call"
    if kind == "aws:cognito/userPool:UserPool" and inputs.get("deletionProtection") != "ACTIVE":
        yield "AWS itself would delete it at one call"
    if kind == BUCKET and inputs.get("forceDestroy"):
        yield "would be deleted with all that is in it"
    if kind == "aws:kms/key:Key" and inputs.get("deletionWindowInDays", _LONGEST_WINDOW_DAYS) < _LONGEST_WINDOW_DAYS:
        yield f"would be gone sooner than in {_LONGEST_WINDOW_DAYS} days, and all it encrypts with it"


def _recoverable(kind: str, inputs: Inputs) -> Iterator[str]:
    for path in _KEPT.get(kind, ()):
        if not is_true(look(inputs, path)):
            yield f"cannot be brought back: {path} is off"


def _versioned(estate: Estate) -> Iterator[Finding]:
    for bucket in estate.of(BUCKET):
        kept = [look(v.inputs, "versioningConfiguration.status") for v in estate.about(bucket, _VERSIONING, "bucket")]
        if kept != ["Enabled"]:
            yield bucket, "what is overwritten or deleted is gone"


RULES: Final[tuple[AnyRule, ...]] = (
    EstateRule(name="state-is-protected", says="What holds state refuses to be deleted.", check=_protected),
    Rule(name="state-can-be-restored", says="Tables can be brought back to any second.", check=_recoverable),
    EstateRule(name="buckets-keep-versions", says="Buckets keep what is overwritten or deleted.", check=_versioned),
)
