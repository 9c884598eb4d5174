"""How each type of resource is made: in moto where moto can be it, else recorded with the attributes it would have."""

from collections.abc import Mapping

from infra.rehearsal.clients import Clients
from infra.rehearsal.making import buckets, keys, network, people, queues, recorded, roles, tables, telling, watching
from infra.rehearsal.stage import Create


def creators(clients: Clients) -> Mapping[str, Create]:
    """The `Create` of every type of resource that the program may declare."""
    made = (
        buckets.creators(clients.s3),
        queues.creators(clients.sqs),
        tables.creators(clients.dynamodb),
        keys.creators(clients.kms),
        roles.creators(clients.iam),
        network.creators(clients.ec2, clients.account),
        watching.creators(clients.logs, clients.cloudwatch, clients.account),
        telling.creators(clients.sns, clients.budgets, clients.account),
        people.creators(clients.cognito, clients.account),
    )
    return {**recorded.creators(clients.account), **{kind: create for some in made for kind, create in some.items()}}
