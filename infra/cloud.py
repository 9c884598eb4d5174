from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.user_pool import UserPool
from infra.config import StackConfig
from infra.issuer import Issuer
from infra.region import Region, RegionArgs


class Cloud(pulumi.ComponentResource):
    """The whole: what there is once, at home, and a `Region` for each region that is served from."""

    outputs: Mapping[str, Any]
    """What the stack exports: those of home, and every region's under ``regions``."""

    def __init__(self, name: str, config: StackConfig, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:regions:Cloud", name, None, opts)
        self._config = config
        providers = {region: self._speak_to(region) for region in config.regions}
        issuer = self._issuer(providers[config.home])
        regions = {
            region: Region(
                RegionArgs(name=region, config=config, issuer=issuer),
                pulumi.ResourceOptions(parent=self, provider=provider),
            )
            for region, provider in providers.items()
        }
        self.outputs = {
            **regions[config.home].outputs,
            "regions": {name: region.outputs for name, region in regions.items()},
        }
        self.register_outputs({})

    def _speak_to(self, region: str) -> aws.Provider:
        return aws.Provider(region, region=region, opts=pulumi.ResourceOptions(parent=self))

    def _issuer(self, home: aws.Provider) -> Issuer:
        given = self._config.api
        if given.issuer is not None:
            return Issuer(url=given.issuer, audiences=given.audiences, claim=given.catalogue_claim)
        at_home = pulumi.ResourceOptions(parent=self, provider=home)
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(parent=self)).account_id
        pool = UserPool("shop", args.user_pool(self._config, account), at_home)
        return Issuer(url=pool.issuer, audiences=pool.audiences, claim=pool.claim)
