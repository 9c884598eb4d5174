"""Prints the OpenAPI document: ``python -m lookalike.contract > docs/openapi.json``."""

import sys

from lookalike.contract.openapi import openapi_text

if __name__ == "__main__":
    sys.stdout.write(openapi_text())
