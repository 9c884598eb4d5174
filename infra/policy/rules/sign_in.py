"""Who calls is who they say: tokens are checked, short-lived, and can be taken back; no password opens a store."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from infra.policy.rule import AnyRule, Rule
from infra.policy.subject import Inputs, known, listed, look

_FLOWS: Final = frozenset({"client_credentials", "code"})
_SIGN_INS: Final = frozenset({"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"})
_LEAST_PASSWORD: Final = 14
_LONGEST_S: Final = 3600
_SECONDS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}


def _authoriser(inputs: Inputs) -> Iterator[str]:
    issuer = look(inputs, "jwtConfiguration.issuer")
    if inputs.get("authorizerType") != "JWT" or not issuer:
        yield "checks no token"
    elif known(issuer) and not str(issuer).startswith(("https://", "http://127.0.0.1")):
        yield f"takes tokens of {issuer}, whose keys anybody on the way may swap"
    if not look(inputs, "jwtConfiguration.audiences"):
        yield "takes tokens that are made out for others"


def _pool(inputs: Inputs) -> Iterator[str]:
    if look(inputs, "adminCreateUserConfig.allowAdminCreateUserOnly") is not True:
        yield "anybody may sign up"
    if (look(inputs, "passwordPolicy.minimumLength") or 0) < _LEAST_PASSWORD:
        yield f"takes passwords of less than {_LEAST_PASSWORD} characters"


def _client(inputs: Inputs) -> Iterator[str]:
    # The implicit flow puts tokens into addresses; passwords in the clear are SRP's to avoid.
    # https://datatracker.ietf.org/doc/html/rfc9700#section-2.1.2
    if not set(listed(inputs.get("allowedOauthFlows"))) <= _FLOWS:
        yield "hands out tokens in addresses"
    ways = listed(inputs.get("explicitAuthFlows"))
    if not ways or not set(ways) <= _SIGN_INS:
        yield "takes passwords as they are typed"
    if inputs.get("enableTokenRevocation") is not True:
        yield "its tokens cannot be taken back"
    if inputs.get("preventUserExistenceErrors") != "ENABLED":
        yield "tells strangers who has an account"
    unit = str(look(inputs, "tokenValidityUnits.accessToken") or "hours")
    if (inputs.get("accessTokenValidity") or 1) * _SECONDS[unit] > _LONGEST_S:
        yield f"its tokens are good for longer than {_LONGEST_S} s"


def _domain(inputs: Inputs) -> Iterator[str]:
    if look(inputs, "advancedSecurityOptions.internalUserDatabaseEnabled") is not False:
        yield "keeps passwords of its own"
    if not look(inputs, "advancedSecurityOptions.masterUserOptions.masterUserArn"):
        yield "has no role as its master"


def _user(inputs: Inputs) -> Iterator[str]:
    # ElastiCache wants a user by the name of default; one that is off lets nobody in.
    is_off = "off" in str(inputs.get("accessString")).split()
    if look(inputs, "authenticationMode.type") != "iam" and not is_off:
        yield "is not who IAM says"


def _cluster(inputs: Inputs) -> Iterator[str]:
    if look(inputs, "accessConfig.authenticationMode") != "API":
        yield "lets in by a list that is kept inside"


_CHECKS: Final[Mapping[str, Callable[[Inputs], Iterable[str]]]] = {
    "aws:apigatewayv2/authorizer:Authorizer": _authoriser,
    "aws:cognito/userPool:UserPool": _pool,
    "aws:cognito/userPoolClient:UserPoolClient": _client,
    "aws:opensearch/domain:Domain": _domain,
    "aws:elasticache/user:User": _user,
    "aws:eks/cluster:Cluster": _cluster,
}


def _sound(kind: str, inputs: Inputs) -> Iterable[str]:
    return _CHECKS[kind](inputs) if kind in _CHECKS else ()


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="sign-in-is-sound", says="Callers prove who they are by tokens and roles.", check=_sound),
)
