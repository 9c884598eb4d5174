from collections.abc import Iterator

from lookalike.sizing.line import Line, Stack

_MB_A_GB = 1024


def functions(stack: Stack) -> Iterator[Line]:
    """Lambda: runs, and the memory that they hold while they run."""
    runs = {
        "uploads": stack.demand.uploads_a_month * stack.assumed.requests_an_upload,
        "search": stack.demand.searches_a_month,
        "thumbnail": stack.demand.searches_a_month * stack.assumed.thumbnails_a_search,
        "prepare": stack.demand.uploads_a_month,
        "embed": stack.demand.uploads_a_month,
    }
    alone = sum(runs[name] for name in ("uploads", "search", "thumbnail"))
    together = sum(runs[name] for name in ("prepare", "embed")) / stack.assumed.photos_a_run
    yield Line(
        component="functions",
        what="runs",
        quantity=(alone + together) / 1e6,
        price=stack.prices["lambda.requests"],
    )
    for name, count in runs.items():
        yield Line(
            component="functions",
            what=f"{name}, memory in use",
            quantity=count * _gb_seconds(stack, name),
            price=stack.prices["lambda.gb_seconds_arm"],
        )


def _gb_seconds(stack: Stack, name: str) -> float:
    seconds, megabytes = {
        "uploads": (stack.assumed.uploads_s, stack.assumed.uploads_mb),
        "search": (stack.assumed.search_s, stack.assumed.search_mb),
        "thumbnail": (stack.assumed.thumbnail_s, stack.assumed.search_mb),
        "prepare": (stack.assumed.prepare_s, stack.assumed.prepare_mb),
        "embed": (stack.assumed.embed_s, stack.assumed.embed_mb),
    }[name]
    return seconds * megabytes / _MB_A_GB
