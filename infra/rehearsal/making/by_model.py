from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath
from botocore import xform_name

from infra.rehearsal.making.buckets import pascal_case
from infra.rehearsal.making.invented import invented
from infra.rehearsal.plan import Declared
from infra.rehearsal.stage import Created


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How one call of AWS makes a resource: what the program says goes in where the call has a parameter of that name.

    `id` and `attributes` are found in the answer by JMESPath; where AWS gives no id, it is left out. What else the
    resource has is invented.
    """

    operation: str
    id: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    def make(self, client: Any, account: str, declared: Declared, **given: Any) -> Created:
        """Make it; `given` are parameters that Pulumi calls otherwise. Raises what the emulator refuses."""
        made = invented(declared, account)
        answer = getattr(client, xform_name(self.operation))(**{**self._asked(client, declared), **given})
        found = {name: jmespath.search(path, answer) for name, path in self.attributes.items()}
        number = str(jmespath.search(self.id, answer)) if self.id else made.id
        return Created(number, {**made.attributes, **found})

    def _asked(self, client: Any, declared: Declared) -> dict[str, Any]:
        takes = client.meta.service_model.operation_model(self.operation).input_shape.members
        # Pulumi writes Oauth where AWS writes OAuth.
        named = {name.lower(): name for name in takes if name != "Tags"}
        said = pascal_case(declared.inputs)
        return {named[name.lower()]: value for name, value in said.items() if name.lower() in named}
