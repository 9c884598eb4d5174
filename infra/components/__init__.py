"""The cloud's parts, one ComponentResource a file: frozen Args in, typed outputs and `allow_…` methods out.

Here now: `data_key`, `photo_store`, `work_queue`, `catalogue_tables`, `lambda_function` (with its `execution_role`),
`search_api`. Rooms for what comes next: `network`, `vector_index`, `embedding_cache`, `gpu_cluster`,
`triton_service`, `website`, `observability`.
"""
