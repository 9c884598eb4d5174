import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.components.firewall import Firewall, FirewallArgs
from infra.components.log_bucket import LogBucket, LogBucketArgs, LogWriter
from infra.components.website import OwnName, Website, WebsiteArgs
from infra.rehearsal.plan import Plan, Resource
from infra.rehearsal.policy import allows
from lookalike.contract.page_files import PAGE_FILES
from tests.infra.parts import ACCOUNT, a_key, shown_in_preview, sketched, the

WEB = Path(__file__).parents[2] / "web"
FORMS = "https://photos.s3.eu-west-1.amazonaws.com"
API = "api.execute-api.eu-west-1.amazonaws.com"
CLOUDFRONT, LOGS = "cloudfront.amazonaws.com", "delivery.logs.amazonaws.com"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"


def declare(**changes: Any) -> Website:
    given: dict[str, Any] = {
        "folder": WEB,
        "api_host": API,
        "form_origins": (FORMS,),
        "key": a_key(),
        "account": ACCOUNT,
        "log_retention_days": 30,
        "protect": True,
    }
    return Website("web", WebsiteArgs(**(given | changes)))


def guarded() -> None:
    writer = LogWriter(service=LOGS, account=ACCOUNT, source_arn=f"arn:aws:logs:us-east-1:{ACCOUNT}:*")
    logs = LogBucket("waf", LogBucketArgs(writers=[writer], keep_days=30, protect=False, prefix="aws-waf-logs-shop-"))
    firewall = Firewall("wall", FirewallArgs(requests_per_5_minutes=2000, log_bucket_arn=logs.arn))
    declare(own_name=OwnName(host="looks.shop.example", zone_id="Z123456"), web_acl_arn=firewall.arn)


@cache
def plan() -> Plan:
    return sketched(lambda: declare() and None)


@cache
def under_a_name() -> Plan:
    return sketched(guarded)


def distribution() -> dict[str, Any]:
    return dict(the(plan(), DISTRIBUTION).inputs)


def bucket(name: str) -> Resource:
    return plan().one("aws:s3/bucket:Bucket", name)


def of_bucket(kind: str, name: str) -> dict[str, Any]:
    (found,) = [r for r in plan().of(f"aws:s3/{kind}") if r.inputs["bucket"] == bucket(name).id]
    return dict(found.inputs)


def policy(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(of_bucket("bucketPolicy:BucketPolicy", name)["policy"])
    return document


def test_a_first_preview_shows_all_of_it() -> None:
    assert shown_in_preview(guarded)


@pytest.mark.parametrize("name", ["web", "web-logs"])
def test_its_buckets_are_nobodys_to_see(name: str) -> None:
    block = of_bucket("bucketPublicAccessBlock:BucketPublicAccessBlock", name)
    for what in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        assert block[what] is True
    owned = of_bucket("bucketOwnershipControls:BucketOwnershipControls", name)
    assert owned["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    versioned = of_bucket("bucketVersioning:BucketVersioning", name)
    assert versioned["versioningConfiguration"] == {"status": "Enabled"}
    (denied,) = [s for s in policy(name)["Statement"] if s["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Resource"] == [bucket(name).attributes["arn"], f"{bucket(name).attributes['arn']}/*"]


def test_the_page_is_encrypted_with_our_key_which_cloudfront_may_use() -> None:
    kind = "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    (rule,) = of_bucket(kind, "web")["rules"]
    key = the(plan(), "aws:kms/key:Key")
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == key.attributes["arn"]
    document = json.loads(key.inputs["policy"])
    ours = {"aws:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"}
    theirs = {"aws:SourceArn": "arn:aws:cloudfront::999999999999:distribution/E1"}
    assert allows([document], "kms:Decrypt", "*", service=CLOUDFRONT, context=ours)
    assert not allows([document], "kms:Decrypt", "*", service=CLOUDFRONT, context=theirs)
    (logs,) = of_bucket(kind, "web-logs")["rules"]
    assert logs["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256"


def test_this_distribution_alone_reads_and_does_nothing_else() -> None:
    objects = f"{bucket('web').attributes['arn']}/index.html"
    ours = {"aws:SourceArn": the(plan(), DISTRIBUTION).attributes["arn"], "aws:SecureTransport": "true"}
    assert allows([policy("web")], "s3:GetObject", objects, service=CLOUDFRONT, context=ours)
    assert not allows([policy("web")], "s3:PutObject", objects, service=CLOUDFRONT, context=ours)
    another = ours | {"aws:SourceArn": f"{ours['aws:SourceArn']}2"}
    assert not allows([policy("web")], "s3:GetObject", objects, service=CLOUDFRONT, context=another)
    control = the(plan(), "aws:cloudfront/originAccessControl:OriginAccessControl")
    assert (control.inputs["signingBehavior"], control.inputs["signingProtocol"]) == ("always", "sigv4")
    (page,) = [o for o in distribution()["origins"] if o["originId"] == "page"]
    assert page["originAccessControlId"] == control.id


def test_the_page_is_reached_over_tls_alone() -> None:
    assert distribution()["defaultCacheBehavior"]["viewerProtocolPolicy"] == "redirect-to-https"
    (api,) = distribution()["orderedCacheBehaviors"]
    assert (api["pathPattern"], api["viewerProtocolPolicy"]) == ("/v1/*", "https-only")
    (origin,) = [o for o in distribution()["origins"] if o["originId"] == "api"]
    assert origin["domainName"] == API
    assert origin["customOriginConfig"]["originProtocolPolicy"] == "https-only"
    assert origin["customOriginConfig"]["originSslProtocols"] == ["TLSv1.2"]


def test_answers_of_the_api_are_passed_on_as_they_are() -> None:
    (api,) = distribution()["orderedCacheBehaviors"]
    assert api["cachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
    assert api["originRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # AllViewerExceptHostHeader
    assert {"POST", "PUT", "DELETE"} <= set(api["allowedMethods"])
    assert "customErrorResponses" not in distribution()


def test_every_answer_carries_the_headers_that_protect_a_page() -> None:
    made = the(plan(), "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy")
    said = made.inputs["securityHeadersConfig"]
    assert said["strictTransportSecurity"]["accessControlMaxAgeSec"] >= 31_536_000
    assert said["strictTransportSecurity"]["includeSubdomains"] is True
    assert said["frameOptions"]["frameOption"] == "DENY"
    assert said["referrerPolicy"]["referrerPolicy"] == "no-referrer"
    assert all(header["override"] for header in said.values())
    assert "contentTypeOptions" in said
    (api,) = distribution()["orderedCacheBehaviors"]
    for behaviour in (distribution()["defaultCacheBehavior"], api):
        assert behaviour["responseHeadersPolicyId"] == made.id


def content_policy() -> dict[str, list[str]]:
    made = the(plan(), "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy")
    written = made.inputs["securityHeadersConfig"]["contentSecurityPolicy"]["contentSecurityPolicy"]
    parts = [part.split() for part in written.split(";")]
    return {part[0]: part[1:] for part in parts}


def test_the_page_may_run_its_own_code_and_post_to_the_photo_bucket() -> None:
    said = content_policy()
    assert said["connect-src"] == ["'self'", FORMS]
    assert said["default-src"] == said["frame-ancestors"] == said["base-uri"] == said["form-action"] == ["'none'"]
    assert said["script-src"] == said["style-src"] == ["'self'"]
    assert said["img-src"] == ["'self'", "blob:"]
    assert not any("unsafe" in source or "*" in source for sources in said.values() for source in sources)


def test_the_page_needs_no_more_than_that() -> None:
    html = (WEB / "index.html").read_text()
    assert not re.findall(r"<style|style=|<script>|\son[a-z]+=", html)
    addresses = [found for found in re.findall(r'(?:src|href)="([^"]+)"', html) if not found.startswith("#")]
    assert all(f"/{address}" in PAGE_FILES for address in addresses)
    code = "".join((WEB / file).read_text() for file in ("app.js", "client.js", "render.js"))
    assert not re.findall(r"\beval\(|new Function|\.style\b|https://", code)


def test_every_file_is_uploaded_with_its_type_and_asked_for_anew() -> None:
    uploaded = {r.inputs["key"]: r.inputs for r in plan().resources.values() if "bucketObject" in r.type}
    assert {name: o["contentType"] for name, o in uploaded.items()} == dict(PAGE_FILES.values())
    assert set(uploaded) == {path.name for path in WEB.iterdir()}
    assert {o["cacheControl"] for o in uploaded.values()} == {"no-cache"}
    assert distribution()["defaultRootObject"] == "index.html"


def test_who_came_is_logged_where_only_cloudfronts_delivery_writes() -> None:
    source = the(plan(), "aws:cloudwatch/logDeliverySource:LogDeliverySource").inputs
    assert source["resourceArn"] == the(plan(), DISTRIBUTION).attributes["arn"]
    assert (source["logType"], source["region"]) == ("ACCESS_LOGS", "us-east-1")
    target = the(plan(), "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination").inputs
    assert target["deliveryDestinationConfiguration"] == {
        "destinationResourceArn": bucket("web-logs").attributes["arn"]
    }
    delivery = the(plan(), "aws:cloudwatch/logDelivery:LogDelivery")
    assert {"sc-status", "c-ip", "cs-uri-stem"} <= set(delivery.inputs["recordFields"])
    assert not {"cs-uri-query", "cs(Cookie)"} & set(delivery.inputs["recordFields"])
    objects = f"{bucket('web-logs').attributes['arn']}/AWSLogs/log"
    ours = {
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:web",
        "aws:SecureTransport": "true",
    }
    assert allows([policy("web-logs")], "s3:PutObject", objects, service=LOGS, context=ours)
    for wrong in ({"aws:SourceAccount": "999999999999"}, {"aws:SourceArn": "arn:aws:logs:us-east-1:9:x"}):
        assert not allows([policy("web-logs")], "s3:PutObject", objects, service=LOGS, context=ours | wrong)
    rules = of_bucket("bucketLifecycleConfiguration:BucketLifecycleConfiguration", "web-logs")["rules"]
    assert rules[0]["expiration"] == {"days": 30}
    assert bucket("web-logs").declared.protect is True


def test_a_name_of_the_shops_own_is_over_tls_1_2_2021_by_a_certificate_of_us_east_1() -> None:
    made = the(under_a_name(), DISTRIBUTION).inputs
    assert made["aliases"] == ["looks.shop.example"]
    assert made["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1.2_2021"
    certificate = the(under_a_name(), "aws:acm/certificate:Certificate")
    assert (certificate.inputs["region"], certificate.inputs["domainName"]) == ("us-east-1", "looks.shop.example")
    records = {r.inputs["type"]: r.inputs["name"] for r in under_a_name().of("aws:route53/record:Record")}
    assert {records["A"], records["AAAA"]} == {"looks.shop.example"}


def test_a_firewall_turns_floods_and_known_attacks_away() -> None:
    wall = the(under_a_name(), "aws:wafv2/webAcl:WebAcl")
    assert the(under_a_name(), DISTRIBUTION).inputs["webAclId"] == wall.attributes["arn"]
    assert (wall.inputs["scope"], wall.inputs["region"]) == ("CLOUDFRONT", "us-east-1")
    flood, common, known, anonymous = wall.inputs["rules"]
    assert flood["statement"]["rateBasedStatement"] == {"limit": 2000, "aggregateKeyType": "IP"}
    assert flood["action"] == {"block": {}}
    groups = [rule["statement"]["managedRuleGroupStatement"] for rule in (common, known)]
    assert [g["name"] for g in groups] == ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"]
    assert [rule["overrideAction"] for rule in (common, known)] == [{"none": {}}, {"none": {}}]
    assert [o["name"] for o in groups[0]["ruleActionOverrides"]] == ["SizeRestrictions_BODY"]
    assert anonymous["overrideAction"] == {"count": {}}, "a shopper behind a VPN is a shopper"
    assert wall.inputs["visibilityConfig"]["sampledRequestsEnabled"] is False


def test_the_firewalls_log_has_no_token() -> None:
    log = the(under_a_name(), "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    assert log["redactedFields"] == [{"singleHeader": {"name": "authorization"}}]
    assert under_a_name().one("aws:s3/bucket:Bucket", "waf").inputs["bucketPrefix"].startswith("aws-waf-logs-")


def test_its_origin_is_what_forms_may_come_from() -> None:
    kept: list[str] = []
    sketched(lambda: declare().origin.apply(kept.append) and None)
    assert kept == [f"https://{the(plan(), DISTRIBUTION).attributes['domainName']}"]
