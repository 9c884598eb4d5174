"""The four functions: what each is told, and what each may do. Nothing is granted anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi

from infra.components.alarms import Alarms
from infra.components.catalogue_tables import Access, CatalogueTables
from infra.components.data_key import DataKey
from infra.components.lambda_function import LambdaFunction, LambdaFunctionArgs
from infra.components.network import Network
from infra.components.photo_store import PhotoStore
from infra.components.work_queue import WorkQueue
from infra.config import FunctionConfig, StackConfig
from infra.environment import Variable, table_variable
from infra.naming import Naming
from lookalike.adapters.aws import tables as t
from lookalike.adapters.aws.object_key import PREPARED, THUMBNAILS, UPLOADS

ROOT: Final = Path(__file__).resolve().parent.parent

ROUTES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "uploads": ("requestUpload", "readUpload", "putItems", "deleteItem"),
    "search": ("search", "listItems", "readItem", "readThumbnail", "readStatus", "readHealth"),
}
"""Which function answers which route. `search` only reads, so that what faces every shopper cannot change anything."""

IN_NETWORK: Final = frozenset({"uploads", "search", "embed"})
"""Who speaks with the index or the model. `prepare` needs AWS's services only, and starts faster outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the functions of one region work with; `opts` makes them its children."""

    config: StackConfig
    naming: Naming
    opts: pulumi.ResourceOptions
    key: DataKey
    network: Network
    alarms: Alarms
    photos: PhotoStore
    tables: CatalogueTables
    received: WorkQueue
    to_embed: WorkQueue
    opensearch_endpoint: pulumi.Input[str]
    triton_endpoint: pulumi.Input[str]
    catalogue_claim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    """The four."""

    uploads: LambdaFunction
    search: LambdaFunction
    prepare: LambdaFunction
    embed: LambdaFunction

    @property
    def by_name(self) -> dict[str, LambdaFunction]:
        """Each by its name."""
        return {"uploads": self.uploads, "search": self.search, "prepare": self.prepare, "embed": self.embed}

    @property
    def owners(self) -> dict[str, LambdaFunction]:
        """The function that answers a route, by the route's name."""
        return {route: self.by_name[name] for name, routes in ROUTES_OF.items() for route in routes}


def declare_functions(parts: Parts) -> Functions:
    """Make the four functions, grant them what they need, and feed two of them from their queues."""
    return Functions(uploads=_uploads(parts), search=_search(parts), prepare=_prepare(parts), embed=_embed(parts))


def _uploads(parts: Parts) -> LambdaFunction:
    told = {**_tables(parts, *t.TABLES), **_index(parts), **_photos(parts), **_claim(parts)}
    function = _declare("uploads", parts, parts.config.uploads, told)
    role, tables = function.role, parts.tables
    parts.photos.allow_write(role, UPLOADS)
    parts.photos.allow_delete(role, UPLOADS, PREPARED, THUMBNAILS)
    tables.allow(role, t.UPLOADS, Access.READ_MANY, Access.CHANGE, Access.WRITE_MANY, query=[t.BY_ITEM])
    tables.allow(role, t.PHOTOS, Access.WRITE_MANY)
    tables.allow(role, t.ITEMS, Access.READ_MANY, Access.CHANGE, Access.DELETE)
    tables.allow(role, t.ITEM_PHOTOS, Access.QUERY, Access.DELETE)
    tables.allow(role, t.EVENTS, Access.WRITE_MANY)
    return function


def _search(parts: Parts) -> LambdaFunction:
    known = _tables(parts, t.UPLOADS, t.PHOTOS, t.ITEMS, t.ITEM_PHOTOS)
    told = {**known, **_index(parts), **_model(parts), **_photos(parts), **_claim(parts)}
    function = _declare("search", parts, parts.config.search, told)
    role, tables = function.role, parts.tables
    parts.photos.allow_read(role, UPLOADS, PREPARED, THUMBNAILS)
    tables.allow(role, t.UPLOADS, Access.READ_MANY, query=[t.BY_STATUS])
    tables.allow(role, t.PHOTOS, Access.READ_MANY)
    tables.allow(role, t.ITEMS, Access.READ_MANY, Access.QUERY, query=[t.BY_SHARD])
    tables.allow(role, t.ITEM_PHOTOS, query=[t.BY_PHOTO])
    return function


def _prepare(parts: Parts) -> LambdaFunction:
    told = {
        **_tables(parts, t.UPLOADS, t.PHOTOS, t.EVENTS),
        **_photos(parts),
        Variable.TO_EMBED_QUEUE_URL: parts.to_embed.url,
        Variable.MODEL_INPUT_SIZE: str(parts.config.model.input_size),
    }
    function = _declare("prepare", parts, parts.config.prepare, told)
    role, tables = function.role, parts.tables
    parts.photos.allow_read(role, UPLOADS)
    parts.photos.allow_write(role, PREPARED, THUMBNAILS)
    parts.to_embed.allow_send(role)
    tables.allow(role, t.UPLOADS, Access.READ_MANY, Access.CHANGE)
    tables.allow(role, t.PHOTOS, Access.READ_MANY, Access.WRITE_MANY)
    tables.allow(role, t.EVENTS, Access.WRITE_MANY)
    function.consume(parts.received, parts.config.prepare)
    return function


def _embed(parts: Parts) -> LambdaFunction:
    known = _tables(parts, *t.TABLES)
    told = {
        **known,
        **_index(parts),
        **_model(parts),
        **_photos(parts),
        Variable.RECEIVED_QUEUE_URL: parts.received.url,
        Variable.TO_EMBED_QUEUE_URL: parts.to_embed.url,
        Variable.LONGEST_RUN_S: str(parts.config.embed.timeout_s),
    }
    function = _declare("embed", parts, parts.config.embed, told)
    role, tables = function.role, parts.tables
    parts.photos.allow_read(role, PREPARED)
    parts.photos.allow_delete(role, PREPARED)
    parts.received.allow_send(role)
    parts.to_embed.allow_send(role)
    tables.allow(role, t.UPLOADS, Access.READ_MANY, Access.CHANGE)
    tables.allow(role, t.PHOTOS, Access.CHANGE, Access.WRITE_MANY)
    tables.allow(role, t.ITEMS, Access.READ_MANY, Access.CHANGE)
    tables.allow(role, t.ITEM_PHOTOS, Access.PUT)
    tables.allow(role, t.EVENTS, Access.WRITE_MANY)
    function.consume(parts.to_embed, parts.config.embed)
    return function


def _declare(name: str, parts: Parts, size: FunctionConfig, told: Mapping[str, pulumi.Input[str]]) -> LambdaFunction:
    environment: dict[str, pulumi.Input[str]] = {
        **told,
        Variable.SERVICE_NAME: name,
        Variable.METRICS_NAMESPACE: "Lookalike",
        Variable.LOG_LEVEL: parts.config.watch.log_level,
    }
    args = LambdaFunctionArgs(
        handler=f"functions.{name}.handler.handler",
        package=str(ROOT / parts.config.functions_folder / f"{name}.zip"),
        size=size,
        environment=environment,
        key=parts.key,
        log_retention_days=parts.config.watch.log_retention_days,
        alarms=parts.alarms,
        network=parts.network if name in IN_NETWORK else None,
    )
    return LambdaFunction(parts.naming(name), args, parts.opts)


def _tables(parts: Parts, *tables: t.Table) -> dict[str, pulumi.Input[str]]:
    return {table_variable(table): parts.tables.names[table.name] for table in tables}


def _photos(parts: Parts) -> dict[str, pulumi.Input[str]]:
    return {Variable.PHOTO_BUCKET: parts.photos.name}


def _index(parts: Parts) -> dict[str, pulumi.Input[str]]:
    return {Variable.OPENSEARCH_ENDPOINT: parts.opensearch_endpoint}


def _model(parts: Parts) -> dict[str, pulumi.Input[str]]:
    return {Variable.TRITON_ENDPOINT: parts.triton_endpoint, Variable.MODEL_NAME: parts.config.model.name}


def _claim(parts: Parts) -> dict[str, pulumi.Input[str]]:
    return {Variable.CATALOGUE_CLAIM: parts.catalogue_claim}
