import os
from functools import cache

from opensearchpy import OpenSearch

from functions.aws import Aws
from functions.settings import Settings
from lookalike.adapters.aws.session import find_credentials
from lookalike.adapters.opensearch.client import AwsSigning, ClientSettings, opensearch_client

_PATIENT_S = 30.0


@cache
def open_domain(url: str) -> OpenSearch:
    """The domain at this address, spoken to in this function's own name, who is its master."""
    aws = Aws(Settings.read(os.environ))
    signing = AwsSigning(credentials=find_credentials(aws.session), region=aws.region)
    return opensearch_client(ClientSettings(url, timeout=_PATIENT_S, signing=signing))
