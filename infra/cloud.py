from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import stack_args as args
from infra.components.budget import Budget, BudgetArgs
from infra.components.catalogue_tables import CatalogueTables
from infra.components.index_replication import IndexReplication, IndexReplicationArgs, Located
from infra.components.user_pool import UserPool
from infra.components.vector_index import VectorIndex
from infra.components.website import Website
from infra.config import StackConfig
from infra.issuer import Issuer
from infra.region import Region, RegionArgs
from infra.web_firewall import declare_firewall


class Cloud:
    """The whole: a `Region` for each region that is served from, and, at home, what there is once.

    Once there are who vouches for callers, the catalogue's tables with their replicas, the website, and the budget.
    """

    outputs: Mapping[str, Any]
    """What the stack exports: what home has, and what each region has under ``regions``."""

    def __init__(self, config: StackConfig) -> None:
        self._config = config
        providers = {name: aws.Provider(name, region=name) for name in config.regions}
        self._at_home = pulumi.ResourceOptions(provider=providers[config.home])
        role = self._search_role()
        regions = {
            name: Region(RegionArgs(name=name, config=config, provider=provider, search_role=role))
            for name, provider in providers.items()
        }
        self._home = regions.pop(config.home)
        self._others = list(regions.values())
        self._serve()
        self._replicate()
        self._budget()
        site = self._show()
        self._open_to_pages(site)
        self.outputs = {
            **self._home.outputs,
            **({"website_url": site.origin} if site else {}),
            "regions": {region.place.region: region.outputs for region in self._all},
        }

    @property
    def _all(self) -> list[Region]:
        return [self._home, *self._others]

    def _search_role(self) -> pulumi.Resource | None:
        index = self._config.index
        if index.endpoint is not None or not index.make_service_role:
            return None
        # An account has it once, whoever made it: other stacks stand on it when this one is gone.
        opts = pulumi.ResourceOptions.merge(self._at_home, pulumi.ResourceOptions(retain_on_delete=True))
        return aws.iam.ServiceLinkedRole("search", aws_service_name="opensearchservice.amazonaws.com", opts=opts)

    def _serve(self) -> None:
        others = [region.place for region in self._others]
        tables = CatalogueTables("catalogue", args.catalogue_tables(self._home.place, others), self._at_home)
        issuer = self._issuer()
        self._home.serve(tables.here, issuer)
        for region in self._others:
            region.serve(tables.there(region.place.region), issuer)

    def _issuer(self) -> Issuer:
        given = self._config.api
        if given.issuer is not None:
            return Issuer(url=given.issuer, audiences=given.audiences, claim=given.catalogue_claim)
        pool = UserPool("shop", args.user_pool(self._home.place), self._at_home)
        return Issuer(url=pool.issuer, audiences=pool.audiences, claim=pool.claim)

    def _replicate(self) -> None:
        """Photos both ways, as shoppers upload wherever they are; vectors from home, the only one to write them."""
        if not self._others:
            return
        account = self._home.place.account
        self._home.photos.replicate_to(*(region.photos for region in self._others), account=account)
        for region in self._others:
            region.photos.replicate_to(self._home.photos, account=account)
            leader, follower = _located(self._home), _located(region)
            given = IndexReplicationArgs(leader=leader, follower=follower, account=account)
            IndexReplication(region.place.naming("index"), given, self._at_home)

    def _budget(self) -> None:
        usd = self._config.watch.budget_usd
        if usd is not None:
            Budget("month", BudgetArgs(monthly_usd=usd, topic=self._home.place.alarms.topic), self._at_home)

    def _show(self) -> Website | None:
        config, home = self._config, self._home
        if not config.website.enabled:
            return None
        wall = declare_firewall(home.place, self._at_home) if config.website.firewall else None
        forms = [region.photos.form_origin for region in self._all]
        host = config.domain.api if config.domain else home.api.host
        return Website("website", args.website(home.place, host, forms, wall), self._at_home)

    def _open_to_pages(self, site: Website | None) -> None:
        pages: list[pulumi.Input[str]] = [*self._config.web_origins, *([site.origin] if site else [])]
        for region in self._all:
            region.photos.open_to(pages)


def _located(region: Region) -> Located:
    if not isinstance(region.index, VectorIndex):
        raise TypeError("an index that the shop brings is not replicated here")
    return Located(index=region.index, region=region.place.region, provider=region.provider)
