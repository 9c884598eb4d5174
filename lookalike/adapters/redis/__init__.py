"""The embedding cache on Valkey or Redis, 6.2 or newer. Only these modules import redis."""
