from collections.abc import Mapping
from typing import Any

from infra.rehearsal.making.names import physical_name, tag_list
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.stage import Create, Created


def creators(kms: Any) -> Mapping[str, Create]:
    """Of keys and their aliases."""
    makers = _Keys(kms)
    return {"aws:kms/key:Key": makers.key, "aws:kms/alias:Alias": makers.alias}


class _Keys:
    def __init__(self, kms: Any) -> None:
        self._kms = kms

    def key(self, declared: Declared, plan: Plan) -> Created:
        del plan
        said = declared.inputs
        made = self._kms.create_key(
            Policy=said["policy"], Description=said["description"], Tags=tag_list(declared, "TagKey", "TagValue")
        )["KeyMetadata"]
        if said.get("enableKeyRotation"):
            self._kms.enable_key_rotation(KeyId=made["KeyId"])
        return Created(made["KeyId"], {"keyId": made["KeyId"], "arn": made["Arn"]})

    def alias(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = f"alias/{physical_name(declared)}"
        self._kms.create_alias(AliasName=name, TargetKeyId=declared.inputs["targetKeyId"])
        return Created(name, {"name": name})
