"""The cloud's parts, one ComponentResource a file: frozen Args in, typed outputs and `allow_…` methods out.

Each knows nothing of the others but what it is handed: `infra.region` puts together what stands in one region,
`infra.cloud` the regions and what there is once. `python -m infra.plan` lists them, with their sizes.
"""
