from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.budget import Budget, BudgetArgs
from infra.components.user_pool import UserPool
from infra.components.website import Website
from infra.config import StackConfig
from infra.issuer import Issuer
from infra.region import Region, RegionArgs
from infra.web_firewall import declare_firewall


class Cloud(pulumi.ComponentResource):
    """The whole: what there is once, at home, and a `Region` for each region that is served from."""

    outputs: Mapping[str, Any]
    """What the stack exports: those of home, and every region's under ``regions``."""

    def __init__(self, name: str, config: StackConfig, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:regions:Cloud", name, None, opts)
        self._config = config
        providers = {region: self._speak_to(region) for region in config.regions}
        self._at_home = pulumi.ResourceOptions(parent=self, provider=providers[config.home])
        issuer = self._issuer()
        regions = {
            region: Region(
                RegionArgs(name=region, config=config, issuer=issuer),
                pulumi.ResourceOptions(parent=self, provider=provider),
            )
            for region, provider in providers.items()
        }
        self._budget(regions[config.home])
        site = self._show(regions)
        self._open_to_pages(regions, site)
        self.outputs = {
            **regions[config.home].outputs,
            **({"website_url": site.origin} if site else {}),
            "regions": {name: region.outputs for name, region in regions.items()},
        }
        self.register_outputs({})

    def _speak_to(self, region: str) -> aws.Provider:
        return aws.Provider(region, region=region, opts=pulumi.ResourceOptions(parent=self))

    def _issuer(self) -> Issuer:
        given = self._config.api
        if given.issuer is not None:
            return Issuer(url=given.issuer, audiences=given.audiences, claim=given.catalogue_claim)
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(parent=self)).account_id
        pool = UserPool("shop", args.user_pool(self._config, account), self._at_home)
        return Issuer(url=pool.issuer, audiences=pool.audiences, claim=pool.claim)

    def _budget(self, home: Region) -> None:
        usd = self._config.watch.budget_usd
        if usd is not None:
            Budget("month", BudgetArgs(monthly_usd=usd, topic=home.place.alarms.topic), self._at_home)

    def _show(self, regions: Mapping[str, Region]) -> Website | None:
        config, home = self._config, regions[self._config.home]
        if not config.website.enabled:
            return None
        wall = declare_firewall(config, home.place, self._at_home) if config.website.firewall else None
        forms = [region.photos.form_origin for region in regions.values()]
        given = args.website(home.place, config.domain.api if config.domain else home.api.host, forms, wall)
        return Website("website", given, self._at_home)

    def _open_to_pages(self, regions: Mapping[str, Region], site: Website | None) -> None:
        pages: list[pulumi.Input[str]] = [*self._config.web_origins, *([site.origin] if site else [])]
        for region in regions.values():
            region.photos.open_to(pages)
