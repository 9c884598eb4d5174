from collections.abc import Iterator

from lookalike.sizing.line import Line, Stack

_MB_A_GB = 1e3
_KB_A_GB = 1e6


def photos(stack: Stack) -> Iterator[Line]:
    """S3: originals (a month in the standard tier, then in the archive), prepared photos, thumbnails, requests."""
    kept, uploaded, assumed = stack.demand.photos, stack.demand.uploads_a_month, stack.assumed
    fresh = min(uploaded, kept) * assumed.original_mb / _MB_A_GB
    small = kept * (assumed.prepared_kb + assumed.thumbnail_kb) / _KB_A_GB
    archived = kept * assumed.original_mb / _MB_A_GB - fresh
    shown = stack.demand.searches_a_month * assumed.thumbnails_a_search
    for what, quantity, key in (
        ("prepared photos, thumbnails, new originals", fresh + small, "s3.standard"),
        ("originals in the archive", archived, "s3.archive"),
        ("writes: original, prepared, thumbnail; a list of versions", 4 * uploaded / 1e3, "s3.puts"),
        ("reads: by functions, thumbnails shown", (2 * uploaded + shown) / 1e3, "s3.gets"),
        ("moves to the archive", min(uploaded, kept) / 1e3, "s3.archivings"),
    ):
        yield Line(component="photos", what=what, quantity=quantity, price=stack.prices[key])
