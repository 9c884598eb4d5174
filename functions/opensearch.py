from functions.aws import Aws
from lookalike.adapters.aws.session import find_credentials
from lookalike.adapters.opensearch.client import AwsSigning, ClientSettings, opensearch_client
from lookalike.adapters.opensearch.vector_index import OpenSearchVectorIndex
from lookalike.ports.vector_index import VectorIndex


def open_index(url: str, aws: Aws) -> VectorIndex:
    """The vector index at this address, asked in the function's own name; connects when it is first asked."""
    signing = AwsSigning(credentials=find_credentials(aws.session), region=aws.region)
    return OpenSearchVectorIndex(opensearch_client(ClientSettings(url, signing=signing)), aws.clock)
