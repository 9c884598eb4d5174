import pulumi
import pulumi_aws as aws


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
