"""What the services need from the world: Protocols, one a file, that every adapter of the same name satisfies.

Ports take many, not one, so that a batch is never a loop of ones. Every call names the one catalogue it is
about. All adapters raise `lookalike.errors` only: `UnavailableError` where the part behind them does not answer.
"""
