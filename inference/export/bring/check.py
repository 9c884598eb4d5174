"""Whether what was written answers as the towers do that it was written from, and keeps the product's contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inference.export.bring.towers import PhotoTower
from inference.gate.contract import BATCH_SIZES, Trial, cosine, in_batches, made_up_pictures, numbers, promises
from inference.gate.criteria import CONTRACT
from inference.gate.model import open_model
from lookalike.adapters.embedded.silent_onnxruntime import ort

# The file keeps 11 bits of each weight (inference/compile/storage.py): made-up networks came to 0.999996.
_COSINE = 0.999
_PROBABILITY = 0.01


@torch.no_grad()
def check_photos(path: Path, tower: PhotoTower) -> dict[str, Any]:
    """The file's `ModelVersion` and its worst cosine to `tower`; raises `RuntimeError` where it is not as it should be.

    Judged by the gate's own contract, in batches of 1 to 32 made-up pictures.
    """
    model = open_model(path, "model")
    current = model.known_facts
    trial = Trial.of(model)
    values = promises(model, current, trial)
    if trial.alone is None:
        raise RuntimeError(f"the model that was written fails: {values}")
    values |= {**numbers(trial.alone), **in_batches(trial)}
    if broken := [outcome for criterion in CONTRACT if not (outcome := criterion.judge(values)).passed]:
        told = "; ".join(f"{each.name} is {each.value}, not {each.bound} {each.limit}" for each in broken)
        raise RuntimeError(f"the model that was written breaks the contract: {told}")
    embeddings, probabilities = tower(torch.from_numpy(made_up_pictures(model.side)))
    worst = float(cosine(trial.alone.embeddings, embeddings.numpy()).min())
    apart = float(np.abs(trial.alone.probabilities - probabilities.numpy()).max())
    if not (worst >= _COSINE and apart <= _PROBABILITY):
        raise RuntimeError(f"ONNX Runtime answers otherwise than torch: cosine {worst}, probabilities {apart} apart")
    return {"version": str(current.version), "worst_cosine_to_torch": worst}


@torch.no_grad()
def check_words(path: Path, tower: nn.Module, tokens: Tensor) -> dict[str, Any]:
    """The text file's worst cosine to `tower` over captions [c, length], in batches of 1 to 32.

    Raises `RuntimeError` where the file reads otherwise.
    """
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    expected = tower(tokens).numpy()
    worst = 1.0
    for size in BATCH_SIZES:
        rows = np.arange(size) % len(tokens)
        (embeddings,) = session.run(["EMBEDDING"], {"TOKENS": tokens.numpy()[rows]})
        worst = min(worst, float(cosine(embeddings, expected[rows]).min()))
    if not worst >= _COSINE:
        raise RuntimeError(f"ONNX Runtime reads otherwise than torch: cosine {worst}")
    return {"worst_cosine_to_torch": worst}
