"""The four functions: what each is told, and what each may do. Nothing is granted anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pulumi
import pulumi_aws as aws

from infra.components.brought import BroughtIndex, BroughtTriton
from infra.components.catalogue_tables import Access, TablesThere
from infra.components.embedding_cache import EmbeddingCache
from infra.components.execution_role import ExecutionRole
from infra.components.lambda_function import LambdaFunction, LambdaFunctionArgs
from infra.components.photo_store import PhotoStore
from infra.components.triton_service import TritonService
from infra.components.vector_index import VectorIndex
from infra.components.work_queue import WorkQueue
from infra.config import FunctionConfig, StackConfig
from infra.environment import Variable, table_variable
from infra.place import Place
from lookalike.adapters.aws import tables as t
from lookalike.adapters.aws.object_key import PREPARED, THUMBNAILS, UPLOADS

ROOT: Final = Path(__file__).resolve().parent.parent

ROUTES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "uploads": ("requestUpload", "readUpload", "putItems", "updateItems", "deleteItem", "deletePhoto"),
    "search": ("search", "listItems", "readItem", "readThumbnail", "readStatus", "readHealth"),
}
"""Which function answers which route. `search` only reads, so that what faces every shopper cannot change anything."""

AT_HOME_ALONE: Final = frozenset({"putItems", "updateItems", "deleteItem", "deletePhoto"})
"""Routes that change items: only home's index is written to (docs/adr/0015-one-region-writes.md)."""

IN_NETWORK: Final = frozenset({"uploads", "search", "prepare", "embed", "index_access"})
"""Who speaks with the index or the model; and `prepare`, which decodes what strangers send, so that a decoder which is
taken over reaches no more than the rest."""


class _Reached(Protocol):
    def admit(self, group: aws.ec2.SecurityGroup) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The queues of the region that photos are indexed in."""

    received: WorkQueue
    to_embed: WorkQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the functions of one region work with; without `intake`, it only searches."""

    place: Place
    photos: PhotoStore
    tables: TablesThere
    intake: Intake | None
    index: VectorIndex | BroughtIndex
    triton: TritonService | BroughtTriton
    cache: EmbeddingCache | None
    catalogue_claim: str

    @property
    def config(self) -> StackConfig:
        """The stack's."""
        return self.place.config


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of one region, each by its name."""

    by_name: Mapping[str, LambdaFunction]

    @property
    def owners(self) -> dict[str, LambdaFunction]:
        """The function that answers a route, by the route's name; those that are for home alone only there."""
        owners = {route: self.by_name[name] for name, routes in ROUTES_OF.items() for route in routes}
        elsewhere = "embed" not in self.by_name
        return {route: owner for route, owner in owners.items() if not (elsewhere and route in AT_HOME_ALONE)}


def declare_functions(parts: Parts) -> Functions:
    """Make the functions, grant them what they need, and feed two of them from the queues, where there are any."""
    serving = {"uploads": _uploads(parts), "search": _search(parts)}
    if parts.intake is None:
        return Functions(serving)
    working = {"prepare": _prepare(parts, parts.intake), "embed": _embed(parts, parts.intake)}
    return Functions({**serving, **working})


def declare_keeper(place: Place) -> LambdaFunction:
    """Make the index's master, the function that tells it which role may do what."""
    return _declare("index_access", place, FunctionConfig(memory_mb=256, timeout_s=60), {})


def _uploads(parts: Parts) -> LambdaFunction:
    told = {**_tables(parts, *t.TABLES), **_index(parts), **_photos(parts), **_claim(parts)}
    function = _declare("uploads", parts.place, parts.config.uploads, told)
    role, tables = function.role, parts.tables
    parts.photos.allow_write(role, UPLOADS)
    parts.photos.allow_tag(role, UPLOADS)
    if parts.intake is None:
        tables.allow(role, t.UPLOADS, Access.READ_MANY, Access.CHANGE)
        tables.allow(role, t.ITEMS, Access.READ_MANY)
    else:
        _let_change(role, parts)
    _open(function, parts.place, parts.index)
    return function


def _let_change(role: ExecutionRole, parts: Parts) -> None:
    tables = parts.tables
    parts.photos.allow_delete(role, UPLOADS, PREPARED, THUMBNAILS)
    tables.allow(role, t.UPLOADS, Access.READ_MANY, Access.CHANGE, Access.WRITE_MANY, query=[t.BY_ITEM])
    tables.allow(role, t.PHOTOS, Access.WRITE_MANY)
    tables.allow(role, t.ITEMS, Access.READ_MANY, Access.CHANGE, Access.DELETE)
    tables.allow(role, t.ITEM_PHOTOS, Access.QUERY, Access.DELETE)
    tables.allow(role, t.EVENTS, Access.WRITE_MANY)
    parts.index.allow_write(role)


def _search(parts: Parts) -> LambdaFunction:
    known = _tables(parts, t.UPLOADS, t.PHOTOS, t.ITEMS, t.ITEM_PHOTOS)
    told = {**known, **_index(parts), **_model(parts), **_cache(parts), **_photos(parts), **_claim(parts)}
    function = _declare("search", parts.place, parts.config.search, told)
    role, tables = function.role, parts.tables
    parts.photos.allow_read(role, PREPARED, THUMBNAILS)
    parts.photos.allow_read_originals(role)
    tables.allow(role, t.UPLOADS, Access.READ_MANY, query=[t.BY_STATUS])
    tables.allow(role, t.PHOTOS, Access.READ_MANY)
    tables.allow(role, t.ITEMS, Access.READ_MANY, Access.QUERY, query=[t.BY_SHARD])
    tables.allow(role, t.ITEM_PHOTOS, query=[t.BY_PHOTO])
    parts.index.allow_search(role)
    _open(function, parts.place, parts.index, parts.triton)
    _remember(function, parts.cache)
    return function


def _prepare(parts: Parts, intake: Intake) -> LambdaFunction:
    told = {
        **_tables(parts, *t.TABLES),
        **_photos(parts),
        Variable.TO_EMBED_QUEUE_URL: intake.to_embed.url,
        Variable.MODEL_INPUT_SIZE: str(parts.config.model.input_size),
    }
    function = _declare("prepare", parts.place, parts.config.prepare, told)
    role, tables = function.role, parts.tables
    parts.photos.allow_read_originals(role)
    parts.photos.allow_write(role, PREPARED, THUMBNAILS)
    parts.photos.allow_delete(role, UPLOADS, PREPARED, THUMBNAILS)
    intake.to_embed.allow_send(role)
    tables.allow(role, t.UPLOADS, Access.READ_MANY, Access.CHANGE)
    tables.allow(role, t.PHOTOS, Access.READ_MANY, Access.WRITE_MANY)
    tables.allow(role, t.ITEM_PHOTOS, Access.QUERY)
    tables.allow(role, t.EVENTS, Access.WRITE_MANY)
    _open(function, parts.place)
    _open_to_queues(function, parts.place)
    function.consume(intake.received, parts.config.prepare)
    return function


def _embed(parts: Parts, intake: Intake) -> LambdaFunction:
    known = _tables(parts, *t.TABLES)
    told = {
        **known,
        **_index(parts),
        **_model(parts),
        **_cache(parts),
        **_photos(parts),
        Variable.RECEIVED_QUEUE_URL: intake.received.url,
        Variable.TO_EMBED_QUEUE_URL: intake.to_embed.url,
        Variable.LONGEST_RUN_S: str(parts.config.embed.timeout_s),
    }
    function = _declare("embed", parts.place, parts.config.embed, told)
    role, tables = function.role, parts.tables
    parts.photos.allow_read(role, PREPARED)
    parts.photos.allow_delete(role, UPLOADS, PREPARED, THUMBNAILS)
    intake.received.allow_send(role)
    intake.to_embed.allow_send(role)
    tables.allow(role, t.UPLOADS, Access.READ_MANY, Access.CHANGE, Access.WRITE_MANY)
    tables.allow(role, t.PHOTOS, Access.CHANGE, Access.WRITE_MANY)
    tables.allow(role, t.ITEMS, Access.READ_MANY, Access.CHANGE)
    tables.allow(role, t.ITEM_PHOTOS, Access.QUERY, Access.PUT, Access.DELETE)
    tables.allow(role, t.EVENTS, Access.WRITE_MANY)
    parts.index.allow_write(role)
    _open(function, parts.place, parts.index, parts.triton)
    _remember(function, parts.cache)
    _open_to_queues(function, parts.place)
    function.consume(intake.to_embed, parts.config.embed)
    return function


def _declare(name: str, place: Place, size: FunctionConfig, told: Mapping[str, pulumi.Input[str]]) -> LambdaFunction:
    watch = place.config.watch
    environment: dict[str, pulumi.Input[str]] = {
        **told,
        Variable.SERVICE_NAME: name,
        Variable.METRICS_NAMESPACE: "Lookalike",
        Variable.LOG_LEVEL: watch.log_level,
    }
    args = LambdaFunctionArgs(
        handler=f"functions.{name}.handler.handler",
        package=str(ROOT / place.config.functions_folder / size.architecture / f"{name}.zip"),
        size=size,
        environment=environment,
        key=place.key,
        log_retention_days=watch.log_retention_days,
        alarms=place.alarms,
        network=place.network if name in IN_NETWORK else None,
    )
    return LambdaFunction(place.naming(name.replace("_", "-")), args, place.opts)


def _open(function: LambdaFunction, place: Place, *to: _Reached) -> None:
    """Let a function in the network reach AWS's services and these."""
    group = function.security_group
    if group is None:
        return
    place.network.let_out_to_aws(group)
    for service in to:
        service.admit(group)


def _remember(function: LambdaFunction, cache: EmbeddingCache | None) -> None:
    """Let a function use the embedding cache, where there is one."""
    if cache is None or function.security_group is None:
        return
    cache.admit(function.security_group)
    cache.allow_use(function.role)


def _open_to_queues(function: LambdaFunction, place: Place) -> None:
    if function.security_group is not None and "sqs" not in place.config.network.interface_endpoints:
        place.network.let_out_to_internet(function.security_group, "sends to SQS, which has no endpoint here")


def _tables(parts: Parts, *tables: t.Table) -> dict[str, pulumi.Input[str]]:
    return {table_variable(table): parts.tables.names[table.name] for table in tables}


def _photos(parts: Parts) -> dict[str, pulumi.Input[str]]:
    return {Variable.PHOTO_BUCKET: parts.photos.name}


def _index(parts: Parts) -> dict[str, pulumi.Input[str]]:
    return {Variable.OPENSEARCH_ENDPOINT: parts.index.endpoint}


def _model(parts: Parts) -> dict[str, pulumi.Input[str]]:
    return {Variable.TRITON_ENDPOINT: parts.triton.endpoint, Variable.MODEL_NAME: parts.config.model.name}


def _cache(parts: Parts) -> dict[str, pulumi.Input[str]]:
    cache = parts.cache
    if cache is None:
        return {}
    return {Variable.CACHE_URL: cache.url, Variable.CACHE_NAME: cache.name, Variable.CACHE_USER: cache.user}


def _claim(parts: Parts) -> dict[str, pulumi.Input[str]]:
    return {Variable.CATALOGUE_CLAIM: parts.catalogue_claim}
