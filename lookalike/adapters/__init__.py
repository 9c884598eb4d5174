"""Ports made real: one room a technology, one file a port, named like the port."""
