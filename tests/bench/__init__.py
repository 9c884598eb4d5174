"""Ratios against peers and limits, each in one run. Nothing here is asserted: see docs/benchmarks.md."""
