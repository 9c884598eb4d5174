"""What AWS answers to the functions that the program asks, for any region."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from infra.rehearsal.stage import Answer

ACCOUNT: Final = "111122223333"
"""The account of AWS's own examples."""

_Told = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]


def answers_of(account: str = ACCOUNT) -> Answer:
    """Answers as this account gets them; None to a question that nobody has thought about."""

    def answer(token: str, region: str, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
        told = _ANSWERS.get(token)
        return told(account, region, asked) if told else None

    return answer


def _caller(account: str, region: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    del region, asked
    return {"accountId": account, "id": account, "arn": f"arn:aws:iam::{account}:user/rehearsal", "userId": "rehearsal"}


def _region(account: str, region: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    del account, asked
    return {"region": region, "id": region, "name": region, "endpoint": f"ec2.{region}.amazonaws.com"}


def _zones(account: str, region: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    del account, asked
    letters = "abc"
    return {
        "names": [f"{region}{letter}" for letter in letters],
        "zoneIds": [f"{region}-az{number + 1}" for number in range(len(letters))],
        "id": region,
        "groupNames": [region],
    }


def _partition(account: str, region: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    del account, region, asked
    return {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws", "reverseDnsPrefix": "com.amazonaws"}


def _named(prefix: str) -> _Told:
    def told(account: str, region: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        del account
        number = sha256(f"{region}{sorted(asked.items(), key=str)}".encode()).hexdigest()[:17]
        return {**asked, "id": f"{prefix}-{number}"}

    return told


_ANSWERS: Final[Mapping[str, _Told]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getPartition:getPartition": _partition,
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _named("pl"),
    "aws:ec2/getPrefixList:getPrefixList": _named("pl"),
    "aws:cloudfront/getCachePolicy:getCachePolicy": _named("cache"),
    "aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy": _named("request"),
    "aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy": _named("headers"),
}
