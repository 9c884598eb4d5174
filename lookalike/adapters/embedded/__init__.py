"""Everything in one process: a folder (or memory), SQLite and ONNX Runtime."""
