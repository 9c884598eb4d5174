"""Everything over HTTP that only reads: search, items, thumbnails, status."""
