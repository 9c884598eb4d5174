"""A function loads only what it needs: its cold start and its package hold no other's parts."""

import json
import os
import subprocess
import sys
from typing import Final

import pytest

from functions.embed.wiring import EmbedSettings
from functions.prepare.wiring import PrepareSettings
from functions.search.wiring import SearchSettings
from functions.settings import Settings
from functions.uploads.wiring import UploadsSettings

SETTINGS: Final[dict[str, type[Settings]]] = {
    "uploads": UploadsSettings,
    "search": SearchSettings,
    "prepare": PrepareSettings,
    "embed": EmbedSettings,
}
NEVER: Final = {"onnxruntime", "faiss", "torch", "starlette", "uvicorn", "httpx", "sqlite3", "moto", "pulumi", "infra"}
NOT_IN: Final = {
    "uploads": {"opensearchpy", "tritonclient", "grpc", "requests"},
    "search": set(),
    "prepare": {"opensearchpy", "tritonclient", "grpc", "requests", "pydantic"},
    "embed": {"pydantic"},
}
WIRED: Final = """
import importlib, json, sys
importlib.import_module(sys.argv[1] + ".handler")
wiring = importlib.import_module(sys.argv[1] + ".wiring")
(wiring.dispatcher if hasattr(wiring, "dispatcher") else wiring.consumer)()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def environment(function: str) -> dict[str, str]:
    """All variables that a function reads, each with something that its type takes."""
    variables = dict.fromkeys(SETTINGS[function].variables(), "http://127.0.0.1:1")
    typed = {
        "LOOKALIKE_MODEL_INPUT_SIZE": "224",
        "LOOKALIKE_TRITON_ENDPOINT": "127.0.0.1:1",
        "LOOKALIKE_CACHE_URL": "redis://127.0.0.1:1",
        "LOOKALIKE_LONGEST_RUN_S": "120",
        "AWS_REGION": "eu-central-1",
    }
    return variables | typed


def loaded(function: str, **changed: str) -> set[str]:
    """The packages in memory once a function is ready for its first event."""
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", **changed}
    command = [sys.executable, "-c", WIRED, f"functions.{function}"]
    done = subprocess.run(command, env=os.environ | environment(function) | keys, capture_output=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("function", SETTINGS)
def test_loads_only_what_it_needs(function: str) -> None:
    assert not loaded(function) & (NEVER | NOT_IN[function])


@pytest.mark.parametrize("function", ["uploads", "embed"])
def test_does_not_load_what_decodes_photos(function: str) -> None:
    assert not loaded(function) & {"PIL", "pillow_heif"}


@pytest.mark.parametrize("function", ["search", "embed"])
def test_the_caches_client_is_loaded_by_those_who_have_one(function: str) -> None:
    assert "redis" in loaded(function)
    assert "redis" not in loaded(function, LOOKALIKE_CACHE_URL="")


@pytest.mark.parametrize("function", SETTINGS)
def test_importing_makes_no_client_and_needs_no_setting(function: str) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOOKALIKE_"))}
    code = f"""
import functions.{function}.handler, functions.{function}.wiring as wiring
print(wiring.settings.cache_info().currsize)
"""
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "0"
