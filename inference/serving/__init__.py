"""How the model is served: one typed spec, the Triton configurations made from it, the repositories they stand in."""
