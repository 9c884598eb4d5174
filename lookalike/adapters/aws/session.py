from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import NoCredentialsError

from lookalike.adapters.aws.errors import translated

if TYPE_CHECKING:
    from botocore.credentials import Credentials


def open_session() -> boto3.Session:
    """A session of this process's own; clients that share one share what it reads and its credentials.

    Not boto3's global one, whose making is not safe in threads.
    """
    with translated():
        return boto3.Session()


def find_credentials(session: boto3.Session) -> "Credentials":
    """What this process signs with: its role's, or its environment's. They renew themselves where they run out.

    For vendors' clients that sign requests themselves. Raises `UnavailableError` where there are none.
    """
    with translated():
        found = session.get_credentials()
        if found is None:
            raise NoCredentialsError
    return found
