"""What the embedded vector index is made of; why it is made so is told in `docs/adr/0003-embedded-index.md`.

A generation's entries are numbered rows, handed out once and never again. `vectors` keeps row → vector in one
mapped file, `records` keeps row → item, photo and labels in SQLite and is what counts, `postings` label → rows in
bitmaps, `graph` an HNSW graph over the older rows that can always be made again, `nearest` plans each search by
its cost, and `build` holds one generation's together.
"""
