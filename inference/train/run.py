"""The folder of one training run: what it was asked, what it learned, and how to go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from inference.train.calibrate import Calibration
from inference.train.config import Config
from inference.train.fuse import as_tensors, read_parts
from inference.train.fused import Fused, Parts
from inference.train.network import Embedder

Epoch = dict[str, float]


@dataclass(frozen=True)
class Run:
    """`config.json`, `history.json`, `checkpoint.pt` (averaged weights), `state.pt` (to resume).

    A finished one has `fusion.pt` and `calibration.json`, too. Every file is
    replaced as a whole, so that a run killed in the middle of writing still
    has the epoch before.
    """

    folder: Path

    def begin(self, config: Config, categories: tuple[str, ...]) -> None:
        """Note what is about to be trained."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write("config.json", config.model_dump_json(indent=2))
        self._write("categories.json", json.dumps(categories))

    @property
    def config(self) -> Config:
        """What the run was asked; raises `FileNotFoundError` where there is no run."""
        return Config.model_validate_json((self.folder / "config.json").read_bytes())

    @property
    def categories(self) -> tuple[str, ...]:
        """Names in the order of the prototypes."""
        return tuple(json.loads((self.folder / "categories.json").read_bytes()))

    @property
    def calibration(self) -> Calibration:
        """What a finished run measured on the photos kept aside."""
        return Calibration.read(self.folder / "calibration.json")

    @property
    def history(self) -> list[Epoch]:
        """One record an epoch, oldest first."""
        epochs: list[Epoch] = json.loads((self.folder / "history.json").read_bytes())
        return epochs

    def save(self, averaged: Embedder, state: dict[str, Any], history: list[Epoch]) -> None:
        """Keep one epoch; `state` last, for it is what `resumed` believes."""
        self._save("checkpoint.pt", averaged.state_dict())
        self._write("history.json", json.dumps(history, indent=2))
        self._save("state.pt", {**state, "history": history})

    def resumed(self) -> dict[str, Any] | None:
        """The last `state` saved; none before the first epoch's end."""
        file = self.folder / "state.pt"
        return torch.load(file, weights_only=True, map_location="cpu") if file.exists() else None

    def network(self) -> Embedder:
        """The averaged network of the last epoch, in evaluation mode, on the CPU."""
        network = Embedder(len(self.categories), self.config.network)
        network.load_state_dict(torch.load(self.folder / "checkpoint.pt", weights_only=True, map_location="cpu"))
        return network.eval().to(memory_format=torch.channels_last)

    def keep(self, parts: Parts) -> None:
        """What a finished run's vectors are put together by."""
        self._save("fusion.pt", as_tensors(parts))

    @property
    def parts(self) -> Parts:
        """What `keep` wrote; raises `FileNotFoundError` where the run is not finished."""
        return read_parts(torch.load(self.folder / "fusion.pt", weights_only=True, map_location="cpu"))

    def fused(self) -> Fused:
        """The network that is served, in evaluation mode, on the CPU."""
        return Fused(self.network(), self.parts).eval()

    def _write(self, name: str, text: str) -> None:
        partial = self.folder / f"{name}.partial"
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(self.folder / name)

    def _save(self, name: str, content: object) -> None:
        partial = self.folder / f"{name}.partial"
        torch.save(content, partial)
        partial.replace(self.folder / name)
