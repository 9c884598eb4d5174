from functools import cache

from infra.components.user_pool import UserPool, UserPoolArgs
from infra.rehearsal.plan import Plan
from lookalike.adapters.aws.catalogue_scope import catalogue_named
from lookalike.domain.catalogue import CatalogueId
from tests.infra.parts import ACCOUNT, REGION, shown_in_preview, sketched, the

CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
SHOPS = (CatalogueId("shop-a"), CatalogueId("shop-b"))


def program() -> None:
    UserPool("shop", UserPoolArgs(catalogues=SHOPS, account=ACCOUNT, protect=True))


@cache
def plan() -> Plan:
    return sketched(program)


def test_a_first_preview_shows_all_of_it() -> None:
    assert shown_in_preview(program)


def test_each_client_may_ask_for_its_own_catalogue_and_no_other() -> None:
    asked = {client.name: client.inputs["allowedOauthScopes"] for client in plan().of(CLIENT)}
    assert asked == {"shop-shop-a": ["catalogue/shop-a"], "shop-shop-b": ["catalogue/shop-b"]}
    for shop in SHOPS:
        assert catalogue_named(UserPool.claim, f"catalogue/{shop}") == shop


def test_every_scope_is_one_that_the_resource_server_has() -> None:
    server = the(plan(), "aws:cognito/resourceServer:ResourceServer").inputs
    known = {f"{server['identifier']}/{scope['scopeName']}" for scope in server["scopes"]}
    assert known == {scope for client in plan().of(CLIENT) for scope in client.inputs["allowedOauthScopes"]}


def test_machines_come_with_a_secret_and_people_not_at_all() -> None:
    for client in plan().of(CLIENT):
        assert client.inputs["generateSecret"] is True
        assert client.inputs["allowedOauthFlows"] == ["client_credentials"]
        assert client.inputs["allowedOauthFlowsUserPoolClient"] is True
        assert client.inputs["explicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
        assert client.inputs["preventUserExistenceErrors"] == "ENABLED"
        assert client.inputs["enableTokenRevocation"] is True
    pool = the(plan(), "aws:cognito/userPool:UserPool").inputs
    assert pool["adminCreateUserConfig"] == {"allowAdminCreateUserOnly": True}
    assert pool["passwordPolicy"]["minimumLength"] >= 14


def test_tokens_last_an_hour() -> None:
    for client in plan().of(CLIENT):
        assert client.inputs["accessTokenValidity"] == 60
        assert client.inputs["tokenValidityUnits"] == {"accessToken": "minutes"}


def test_a_pool_that_is_protected_refuses_to_be_deleted() -> None:
    pool = the(plan(), "aws:cognito/userPool:UserPool")
    assert (pool.inputs["deletionProtection"], pool.declared.protect) == ("ACTIVE", True)


def test_the_api_learns_whom_to_trust() -> None:
    made: list[UserPool] = []
    sketched(lambda: made.append(UserPool("shop", UserPoolArgs(catalogues=SHOPS, account=ACCOUNT, protect=False))))
    assert set(made[0].client_ids) == set(SHOPS)
    assert len(made[0].audiences) == len(SHOPS)


def test_its_address_is_nobody_elses() -> None:
    domain = the(plan(), "aws:cognito/userPoolDomain:UserPoolDomain").inputs["domain"]
    assert domain == f"lookalike-small-{ACCOUNT}"
    assert REGION not in domain
