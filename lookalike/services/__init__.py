"""What Lookalike does, one verb a file: frozen dataclasses whose fields are ports and whose call is the verb.

A queue's consumer, an HTTP route and a test wire the same class with different adapters. Steps that a queue feeds
(`PreparePhotos`, `IndexPhotos`) take many pointers, answer with one `Outcome` each, and may be called again with
the same pointers at any time.
"""
