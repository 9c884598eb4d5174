"""How pods with a model are held: as nobody, with what is in the image as it is, and folders that go with them."""

from typing import Final

import pulumi_kubernetes as kubernetes

SCRATCH: Final = "/tmp"  # noqa: S108 - a volume of the pod's own
_UID: Final = 10_000
"""Nobody's, in the image as on the machine; neither Triton nor `trtexec` asks for a name of its user."""


def nobody() -> kubernetes.core.v1.PodSecurityContextArgsDict:
    """Whom a pod runs as."""
    return {
        "run_as_non_root": True,
        "run_as_user": _UID,
        "run_as_group": _UID,
        "fs_group": _UID,
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def confined() -> kubernetes.core.v1.SecurityContextArgsDict:
    """What a container may do."""
    return {
        "allow_privilege_escalation": False,
        "capabilities": {"drop": ["ALL"]},
        "read_only_root_filesystem": True,
        "run_as_non_root": True,
    }


def empty(name: str, size: str, medium: str | None = None) -> kubernetes.core.v1.VolumeArgsDict:
    """A folder of at most `size`, on the node's disk or, with the `medium` ``Memory``, in its memory."""
    if medium is None:
        return {"name": name, "empty_dir": {"size_limit": size}}
    return {"name": name, "empty_dir": {"size_limit": size, "medium": medium}}
