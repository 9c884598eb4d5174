"""The ports on Amazon Web Services: S3, DynamoDB and SQS. Only these modules import boto3."""
