"""The SDK: a catalogue over HTTP behind the same interface as one in this process.

It stands on httpx, pydantic and numpy alone: neither model, index nor imaging are loaded.
"""

from lookalike.client.http_catalogue import HttpCatalogue

__all__ = ["HttpCatalogue"]
