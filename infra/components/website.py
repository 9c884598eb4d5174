from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.bucket import close_to_the_public, encrypt, keep_versions
from infra.components.certificate import Certificate, CertificateArgs
from infra.components.data_key import DataKey
from infra.components.log_bucket import LogBucket, LogBucketArgs, LogWriter
from infra.components.site_headers import security_headers
from infra.components.statement import Conditions, Statement, document, only_over_tls
from lookalike.contract.page_files import PAGE_FILES

_EVERYWHERE: Final = "us-east-1"
"""Where AWS keeps what belongs to CloudFront."""
_PAGE, _API = "page", "api"
_API_PATHS: Final = "/v1/*"
# AWS's own policies: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
_CACHED: Final = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # CachingOptimized
_NOT_CACHED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
_ALL_BUT_HOST: Final = "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # AllViewerExceptHostHeader
_LOG_FIELDS: Final = ("date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs-uri-stem", "sc-status")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnName:
    """A name of the shop's own, e.g. ``looks.shop.example``, in a hosted zone of theirs."""

    host: str
    zone_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebsiteArgs:
    """The files of `folder`, behind the same address as the API that answers at `api_host`.

    Upload forms are posted to `form_origins`, the buckets' own addresses. `own_name` gives it a name of the shop's;
    `web_acl_arn` a firewall of CloudFront's kind.
    """

    folder: Path
    api_host: pulumi.Input[str]
    form_origins: Sequence[pulumi.Input[str]]
    key: DataKey
    account: pulumi.Input[str]
    log_retention_days: int
    protect: bool
    own_name: OwnName | None = None
    web_acl_arn: pulumi.Input[str] | None = None


class Website(pulumi.ComponentResource):
    """The shopper's page: a private bucket that CloudFront alone may read, and the API under ``/v1`` beside it.

    One address for both, so that the page works as it is and no request needs a preflight. Answers of the API are
    passed on as they are: nothing of them is kept, and no error of theirs is made into a page.
    """

    origin: pulumi.Output[str]
    """``https://`` and a host: who may post forms into the photo bucket."""
    id: pulumi.Output[str]
    """As CloudWatch calls the distribution."""

    def __init__(self, name: str, args: WebsiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:Website", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self._bucket = self._store(args)
        self._distribution = self._distribute(args)
        self._let_in()
        self._upload(args.folder)
        self._log(args)
        self.id = self._distribution.id
        self.origin = pulumi.Output.concat("https://", self._lead(args))
        self.register_outputs({"origin": self.origin})

    def _store(self, args: WebsiteArgs) -> aws.s3.Bucket:
        bucket = aws.s3.Bucket(self._name, force_destroy=True, opts=self._child)  # all of it is in the repository
        close_to_the_public(self._name, bucket, self._child)
        encrypt(self._name, bucket, args.key, self._child)
        versioning = keep_versions(self._name, bucket, self._child)
        aws.s3.BucketLifecycleConfiguration(
            self._name,
            bucket=bucket.id,
            rules=[_forgetting()],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        return bucket

    def _distribute(self, args: WebsiteArgs) -> aws.cloudfront.Distribution:
        control = aws.cloudfront.OriginAccessControl(
            self._name,
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self._child,
        )
        headers = security_headers(self._name, args.form_origins, parent=self)
        return aws.cloudfront.Distribution(
            self._name,
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class="PriceClass_All",
            default_root_object="index.html",
            aliases=[args.own_name.host] if args.own_name else [],
            origins=[self._page_origin(control), _api_origin(args.api_host)],
            default_cache_behavior={
                "target_origin_id": _PAGE,
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": _CACHED,
                "response_headers_policy_id": headers.id,
                "compress": True,
            },
            ordered_cache_behaviors=[_api_behaviour(headers.id)],
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate=self._certificate(args.own_name),
            web_acl_id=args.web_acl_arn,
            opts=self._child,
        )

    def _page_origin(self, control: aws.cloudfront.OriginAccessControl) -> aws.cloudfront.DistributionOriginArgsDict:
        return {
            "origin_id": _PAGE,
            "domain_name": self._bucket.bucket_regional_domain_name,
            "origin_access_control_id": control.id,
        }

    def _certificate(self, own_name: OwnName | None) -> aws.cloudfront.DistributionViewerCertificateArgsDict:
        if own_name is None:
            # Under AWS's name, CloudFront alone decides; it takes TLS 1.0 there. A name of the shop's own ends that.
            return {"cloudfront_default_certificate": True, "minimum_protocol_version": "TLSv1"}
        args = CertificateArgs(host=own_name.host, zone_id=own_name.zone_id, region=_EVERYWHERE)
        return {
            "acm_certificate_arn": Certificate(self._name, args, opts=self._child).arn,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        }

    def _let_in(self) -> None:
        objects = pulumi.Output.concat(self._bucket.arn, "/*")
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
        this_one: Conditions = {"StringEquals": {"aws:SourceArn": self._distribution.arn}}
        service = {"Service": "cloudfront.amazonaws.com"}
        read = Statement(("s3:GetObject",), (objects,), principals=service, conditions=this_one)
        policy = document(only_over_tls(self._bucket.arn, objects, action="s3:*"), read)
        aws.s3.BucketPolicy(self._name, bucket=self._bucket.id, policy=policy, opts=self._child)

    def _upload(self, folder: Path) -> None:
        for file, media_type in PAGE_FILES.values():
            aws.s3.BucketObjectv2(
                f"{self._name}-{file}",
                bucket=self._bucket.id,
                key=file,
                source=pulumi.FileAsset(str(folder / file)),
                content_type=media_type,
                # Asked for anew each time, by its ETag: a release is seen at once, and whole.
                cache_control="no-cache",
                opts=self._child,
            )

    def _log(self, args: WebsiteArgs) -> None:
        writer = LogWriter(
            service="delivery.logs.amazonaws.com",
            account=args.account,
            source_arn=pulumi.Output.concat(f"arn:aws:logs:{_EVERYWHERE}:", args.account, ":delivery-source:*"),
        )
        storage = LogWriter(service="logging.s3.amazonaws.com", account=args.account, source_arn=self._bucket.arn)
        kept = LogBucketArgs(writers=[writer, storage], keep_days=args.log_retention_days, protect=args.protect)
        bucket = LogBucket(f"{self._name}-logs", kept, opts=self._child)
        aws.s3.BucketLogging(
            self._name,
            bucket=self._bucket.id,
            target_bucket=bucket.name,
            target_prefix="bucket/",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[bucket.policy]),
        )
        source = aws.cloudwatch.LogDeliverySource(
            self._name,
            name=self._unique(),
            log_type="ACCESS_LOGS",
            resource_arn=self._distribution.arn,
            region=_EVERYWHERE,
            opts=self._child,
        )
        target = aws.cloudwatch.LogDeliveryDestination(
            self._name,
            name=self._unique(),
            output_format="json",
            delivery_destination_configuration={"destination_resource_arn": bucket.arn},
            region=_EVERYWHERE,
            opts=self._child,
        )
        aws.cloudwatch.LogDelivery(
            self._name,
            delivery_source_name=source.name,
            delivery_destination_arn=target.arn,
            record_fields=list(_LOG_FIELDS),
            region=_EVERYWHERE,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[bucket.policy]),
        )

    def _unique(self) -> str:
        return f"{pulumi.get_project()}-{pulumi.get_stack()}-{self._name}"

    def _lead(self, args: WebsiteArgs) -> pulumi.Output[str]:
        if args.own_name is None:
            return self._distribution.domain_name
        for kind in ("A", "AAAA"):
            aws.route53.Record(
                f"{self._name}-{kind.lower()}",
                zone_id=args.own_name.zone_id,
                name=args.own_name.host,
                type=kind,
                aliases=[
                    {
                        "name": self._distribution.domain_name,
                        "zone_id": self._distribution.hosted_zone_id,
                        "evaluate_target_health": False,  # CloudFront takes no other
                    }
                ],
                opts=self._child,
            )
        return pulumi.Output.from_input(args.own_name.host)


def _api_origin(host: pulumi.Input[str]) -> aws.cloudfront.DistributionOriginArgsDict:
    return {
        "origin_id": _API,
        "domain_name": host,
        "custom_origin_config": {
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": "https-only",
            "origin_ssl_protocols": ["TLSv1.2"],
        },
    }


def _api_behaviour(headers: pulumi.Input[str]) -> aws.cloudfront.DistributionOrderedCacheBehaviorArgsDict:
    return {
        "path_pattern": _API_PATHS,
        "target_origin_id": _API,
        "viewer_protocol_policy": "https-only",
        "allowed_methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        "cached_methods": ["GET", "HEAD"],
        "cache_policy_id": _NOT_CACHED,
        "origin_request_policy_id": _ALL_BUT_HOST,
        "response_headers_policy_id": headers,
        "compress": False,
    }


def _forgetting() -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    return {
        "id": "forget",
        "status": "Enabled",
        "filter": {},
        "noncurrent_version_expiration": {"noncurrent_days": 30},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    }
