from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateArgs:
    """For the name `host`, which the hosted zone `zone_id` holds; in `region`, where it is None in the stack's own."""

    host: str
    zone_id: str
    region: str | None = None


class Certificate(pulumi.ComponentResource):
    """A certificate that AWS renews by itself, as long as the record that proves the name stays."""

    arn: pulumi.Output[str]
    """Known once the name is proved."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        asked = aws.acm.Certificate(
            name, domain_name=args.host, validation_method="DNS", region=args.region, opts=child
        )
        proof = asked.domain_validation_options[0]
        record = aws.route53.Record(
            f"{name}-proof",
            zone_id=args.zone_id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=300,
            # The same name is proved by the same record in every region, and by only one of them first.
            allow_overwrite=True,
            opts=child,
        )
        proved = aws.acm.CertificateValidation(
            name,
            certificate_arn=asked.arn,
            validation_record_fqdns=[record.fqdn],
            region=args.region,
            opts=child,
        )
        self.arn = proved.certificate_arn
        self.register_outputs({"arn": self.arn})
