"""What every model passes before it is served: one candidate, measured beside the current model on labelled photos.

`lookalike-model gate` (or `python -m inference.gate gate`) prints a table and writes the verdict; `lookalike-model
verify` says whether each model of a repository has one. Needs no torch.
"""
