"""`python -m inference.gate gate CANDIDATE ...`, `python -m inference.gate verify REPO`; also `lookalike-model`."""

from inference.gate.app import app

if __name__ == "__main__":
    app(prog_name="lookalike-model")
