import re
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from lookalike.adapters.aws.catalogue_scope import CLAIM, RESOURCE_SERVER
from lookalike.domain.catalogue import CatalogueId

_TOKEN_MINUTES: Final = 60
_LONGEST_PASSWORD: Final = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPoolArgs:
    """Each of `catalogues` gets a client; `account` makes the pool's address nobody else's in the region.

    A protected pool refuses to be deleted.
    """

    catalogues: tuple[CatalogueId, ...]
    account: pulumi.Input[str]
    protect: bool


class UserPool(pulumi.ComponentResource):
    """Who vouches for callers where the shop has no issuer of its own: one machine client a catalogue, no people.

    A client gets tokens with the one scope that names its catalogue, whatever it asks for: the scope is what the API
    takes the catalogue from (docs/adr/0009-a-catalogue-is-a-scope.md).
    """

    issuer: pulumi.Output[str]
    audiences: tuple[pulumi.Output[str], ...]
    """The clients' ids: a token of Cognito's for a machine has no `aud`, and API Gateway then looks at `client_id`."""
    claim: Final = CLAIM
    """Of a token; names its catalogue."""
    token_url: pulumi.Output[str]
    client_ids: dict[str, pulumi.Output[str]]
    """By catalogue. A client's secret stays in Cognito: `aws cognito-idp describe-user-pool-client` shows it."""

    def __init__(self, name: str, args: UserPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:UserPool", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self._pool = self._make(args)
        server = aws.cognito.ResourceServer(
            name,
            identifier=RESOURCE_SERVER,
            name="Catalogues",
            user_pool_id=self._pool.id,
            scopes=[{"scope_name": c, "scope_description": f"All of catalogue {c}"} for c in args.catalogues],
            opts=self._child,
        )
        clients = {catalogue: self._client(catalogue, server) for catalogue in args.catalogues}
        self.client_ids = {str(catalogue): client.id for catalogue, client in clients.items()}
        self.audiences = tuple(self.client_ids.values())
        self.issuer = pulumi.Output.concat("https://", self._pool.endpoint)
        self.token_url = self._answer_at(_prefix(args.account))
        self.register_outputs({"issuer": self.issuer, "token_url": self.token_url, "client_ids": self.client_ids})

    def _make(self, args: UserPoolArgs) -> aws.cognito.UserPool:
        return aws.cognito.UserPool(
            self._name,
            user_pool_tier="LITE",
            deletion_protection="ACTIVE" if args.protect else "INACTIVE",
            # There are no people in it; should there ever be, then none that signed themselves up.
            admin_create_user_config={"allow_admin_create_user_only": True},
            password_policy={
                "minimum_length": _LONGEST_PASSWORD,
                "require_lowercase": True,
                "require_numbers": True,
                "require_symbols": True,
                "require_uppercase": True,
                "temporary_password_validity_days": 1,
            },
            account_recovery_setting={"recovery_mechanisms": [{"name": "admin_only", "priority": 1}]},
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )

    def _client(self, catalogue: CatalogueId, server: aws.cognito.ResourceServer) -> aws.cognito.UserPoolClient:
        return aws.cognito.UserPoolClient(
            f"{self._name}-{catalogue}",
            user_pool_id=self._pool.id,
            generate_secret=True,
            allowed_oauth_flows=["client_credentials"],
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_scopes=[pulumi.Output.concat(server.identifier, "/", str(catalogue))],
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],  # the least that Cognito takes: nobody signs in
            access_token_validity=_TOKEN_MINUTES,
            token_validity_units={"access_token": "minutes"},
            enable_token_revocation=True,
            prevent_user_existence_errors="ENABLED",
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["clientSecret"]),
        )

    def _answer_at(self, prefix: pulumi.Output[str]) -> pulumi.Output[str]:
        domain = aws.cognito.UserPoolDomain(self._name, domain=prefix, user_pool_id=self._pool.id, opts=self._child)
        region = aws.get_region_output(opts=pulumi.InvokeOptions(parent=self)).region
        return pulumi.Output.concat("https://", domain.domain, ".auth.", region, ".amazoncognito.com/oauth2/token")


def _prefix(account: pulumi.Input[str]) -> pulumi.Output[str]:
    stack = re.sub(r"[^a-z0-9]+", "-", pulumi.get_stack().lower()).strip("-")
    return pulumi.Output.concat(f"{pulumi.get_project()}-{stack}-", account)
