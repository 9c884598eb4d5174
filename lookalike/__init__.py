"""Lookalike: visual product search that a shop owns."""
