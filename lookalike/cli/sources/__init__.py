"""What can be imported: a folder, a CSV or a JSON Lines file, each read as a stream of entries.

A source never stops at a bad entry: it yields a `BadEntry` that says where it is and what is wrong, and goes on.
Memory does not grow with the number of entries.
"""

from lookalike.cli.sources.entry import BadEntry, Described, Entry, Skipped
from lookalike.cli.sources.source import Source, SourceOptions, open_source

__all__ = ["BadEntry", "Described", "Entry", "Skipped", "Source", "SourceOptions", "open_source"]
