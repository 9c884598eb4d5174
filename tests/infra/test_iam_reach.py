"""What functions may ask of the index and the cache; what they do ask, the adapters' contract tests say."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from infra.rehearsal.plan import Plan
from infra.rehearsal.policy import allows
from lookalike.adapters.opensearch.access import SEARCH, WRITE, IndexAccess
from lookalike.adapters.opensearch.mapping import IndexLayout

ASKS: Final[Mapping[str, IndexAccess | None]] = {"search": SEARCH, "uploads": WRITE, "embed": WRITE, "prepare": None}
USES_CACHE: Final = {"search", "embed"}


def statements(plan: Plan, function: str) -> Iterator[Mapping[str, Any]]:
    (role,) = [r for r in plan.of("aws:iam/role:Role") if r.name == function]
    for grant in plan.of("aws:iam/rolePolicy:RolePolicy"):
        if role.declared.urn in grant.declared.uses.get("role", ()):
            yield from json.loads(grant.inputs["policy"])["Statement"]


def granted(plan: Plan, function: str, service: str) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for statement in statements(plan, function)
        for action in statement["Action"]
        for resource in statement["Resource"]
        if action.startswith(f"{service}:") and statement["Effect"] == "Allow"
    }


@pytest.mark.parametrize("function", ASKS)
def test_a_function_asks_the_index_what_its_adapter_asks_and_no_more(profile: Plan, function: str) -> None:
    (domain,) = profile.of("aws:opensearch/domain:Domain")
    indexes, access = f"{domain.attributes['arn']}/{IndexLayout().prefix}_*", ASKS[function]
    asked = {
        (f"es:ESHttp{method.capitalize()}", f"{indexes}{path}") for method, path in (access.requests if access else ())
    }
    assert granted(profile, function, "es") == asked


def test_shoppers_search_cannot_change_the_index(profile: Plan) -> None:
    (domain,) = profile.of("aws:opensearch/domain:Domain")
    policies = [{"Statement": [s]} for s in statements(profile, "search") if "es:" in str(s["Action"])]
    index = f"{domain.attributes['arn']}/{IndexLayout().prefix}_shop"
    assert allows(policies, "es:ESHttpPost", f"{index}/_msearch")
    for action, path in (("es:ESHttpPost", "/_bulk"), ("es:ESHttpPut", ""), ("es:ESHttpDelete", "")):
        assert not allows(policies, action, index + path)


def test_only_who_embeds_and_searches_enters_the_cache(profile: Plan) -> None:
    caches = profile.of("aws:elasticache/replicationGroup:ReplicationGroup")
    for function in ASKS:
        entered = granted(profile, function, "elasticache")
        assert {action for action, _ in entered} == (
            {"elasticache:Connect"} if caches and function in USES_CACHE else set()
        )
        kinds = {resource.split(":")[5] for _, resource in entered}
        assert kinds == ({"replicationgroup", "user"} if entered else set())
        assert not any("*" in resource for _, resource in entered)
