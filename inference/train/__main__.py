"""Fine-tune and calibrate: `python -m inference.train --config CONFIG --photos DIR --out DIR`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.measure.metrics import accuracy
from inference.train.calibrate import calibrate
from inference.train.colour import colour_signatures
from inference.train.config import Config, read_config
from inference.train.dataset import LabelledPhotos, read_photos
from inference.train.fit import fit
from inference.train.loss import likeness
from inference.train.network import Embedder
from inference.train.see import as_batch, see
from inference.train.split import split

log = logging.getLogger(__name__)


def main() -> None:
    """Write `checkpoint.pt` (averaged weights, each epoch) and `calibration.json`."""
    parser = argparse.ArgumentParser(prog="python -m inference.train", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True, help="folder of <category>/<photo>")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/photos"))
    parser.add_argument("--calibrate-only", action="store_true", help="calibrate the checkpoint already in --out")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = read_config(options.config)
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    photos = read_photos(options.photos, config.input_size, options.cache)
    training, aside = split(photos, config.kept_aside, config.seed)
    log.info("%d photos to train on, %d kept aside", len(training), len(aside))
    network = Embedder(len(photos.categories), config.dimensions, config.frozen_blocks, config.dropout).to(
        memory_format=torch.channels_last
    )
    checkpoint = options.out / "checkpoint.pt"
    if not options.calibrate_only:
        train(network, config, training, aside, checkpoint)
    network.load_state_dict(torch.load(checkpoint, weights_only=True))
    calibration = calibrate(see(network, aside), photos.categories, config.loss.scale)
    calibration.write(options.out / "calibration.json")
    log.info("calibrated: %s", calibration)


def train(
    network: Embedder,
    config: Config,
    training: LabelledPhotos,
    aside: LabelledPhotos,
    checkpoint: Path,
) -> None:
    """Fit the network to the training photos, reporting on those kept aside."""
    alike = likeness(
        _imagenet_features(network, training),
        colour_signatures(training.pixels),
        training.labels,
        config.loss.relation_colour,
    )

    def report(candidate: Embedder) -> str:
        return f"accuracy {accuracy(see(candidate, aside).scores, aside.labels):.3f}"

    fit(network, training, alike, config, checkpoint=checkpoint, report=report)


@torch.no_grad()
def _imagenet_features(network: Embedder, photos: LabelledPhotos) -> NDArray[np.float32]:
    network.eval()
    parts = np.array_split(photos.pixels, max(1, len(photos) // 64))
    features = torch.cat([network.features(as_batch(part)) for part in parts]).numpy()
    return np.asarray(features, np.float32)


if __name__ == "__main__":
    main()
