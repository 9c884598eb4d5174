"""The words of Lookalike: frozen values without I/O, told once in `docs/glossary.md`."""
