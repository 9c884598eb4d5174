"""parliament, which knows every action of AWS, on every policy document of both profiles."""

from fnmatch import fnmatchcase
from typing import Final

from infra.judges.parliament import Remark, lint, policies
from infra.rehearsal.plan import Plan

EXCUSED: Final = {
    ("*-not-by-code.policy", "UNKNOWN_CONDITION_FOR_ACTION", "*lambda:SourceFunctionArn*"): (
        "Lambda adds this key to what a function's own code asks of any service: "
        "https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html"
    ),
    ("*-joins-network.policy", "RESOURCE_MISMATCH", "*network-interface*"): (
        "Lambda wants every resource of the account's network, */*: "
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"
    ),
    ("LogResourcePolicy.*.policyDocument", "UNKNOWN_ACTION", "*logs:PutLogEventsBatch*"): (
        "OpenSearch writes its logs with it: "
        "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/createdomain-configure-slow-logs.html"
    ),
    ("Key.*.policy", "MISMATCHED_TYPE", "*ArnLike*"): (
        "an encryption context is a string that CloudWatch fills with an ARN: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
    ),
}
"""Which remarks (policy, issue, detail; patterns) are parliament's error, and what says so."""


def excuses(remark: Remark) -> list[tuple[str, str, str]]:
    said = (remark.policy, remark.issue, remark.detail)
    return [excuse for excuse in EXCUSED if all(map(fnmatchcase, said, excuse))]


def test_every_policy_is_sound(starter: Plan, production: Plan) -> None:
    small, large = policies(starter), policies(production)
    assert len(small) > 40
    assert len(large) >= len(small)
    grave = [remark for documents in (small, large) for remark in lint(documents) if remark.is_grave]
    assert [remark for remark in grave if not excuses(remark)] == []
    assert set(EXCUSED) == {excuse for remark in grave for excuse in excuses(remark)}


def a_policy(**said: object) -> dict[str, object]:
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::photos/uploads/*"]}
    return {"Version": "2012-10-17", "Statement": [{**allowed, **said}]}


def test_what_aws_does_not_know_is_found() -> None:
    found = lint(
        {
            "sound": a_policy(),
            "misspelt action": a_policy(Action=["s3:GetObjekt"]),
            "no such service": a_policy(Action=["s4:GetObject"]),
            "not that resource": a_policy(Resource=["arn:aws:sqs:eu-west-1:111122223333:received"]),
            "not that condition": a_policy(Condition={"StringEquals": {"s3:prefixx": "a"}}),
        }
    )
    assert {(remark.policy, remark.issue) for remark in found if remark.is_grave} == {
        ("misspelt action", "UNKNOWN_ACTION"),
        ("no such service", "UNKNOWN_PREFIX"),
        ("not that resource", "RESOURCE_MISMATCH"),
        ("not that condition", "UNKNOWN_CONDITION_FOR_ACTION"),
    }
