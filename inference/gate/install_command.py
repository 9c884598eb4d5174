"""Puts `lookalike-model` into environments that work on a checkout.

A script of the project's own would go into the wheel, which holds `lookalike` alone, and fail for all who install it.
https://hatch.pypa.io/latest/plugins/build-hook/custom/, https://hatch.pypa.io/latest/plugins/builder/wheel/#build-data
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CheckoutCommand(BuildHookInterface):  # type: ignore[type-arg]  # the builder's configuration is of no concern
    """Hatch finds it by its base."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the script to an editable installation, which finds `inference` beside `lookalike`."""
        if version == "editable":
            build_data["shared_scripts"]["inference/gate/lookalike-model"] = "lookalike-model"
