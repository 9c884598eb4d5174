import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey


def close_to_the_public(name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions) -> None:
    """No policy and no ACL can open `bucket` to everybody: ACLs are off, whoever writes an object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketOwnershipControls(name, bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts)


def encrypt(name: str, bucket: aws.s3.Bucket, key: DataKey, opts: pulumi.ResourceOptions) -> None:
    """Objects are under `key`, by way of a key of the bucket's own, which spares KMS a call an object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    rule: aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict = {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
        "bucket_key_enabled": True,
    }
    aws.s3.BucketServerSideEncryptionConfiguration(name, bucket=bucket.id, rules=[rule], opts=opts)


def keep_versions(name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions) -> aws.s3.BucketVersioning:
    """What is replaced or deleted can be brought back; life cycles of old versions have to wait for this."""
    return aws.s3.BucketVersioning(name, bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=opts)
