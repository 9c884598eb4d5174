"""Fine-tune and calibrate: `python -m inference.train --config CONFIG --photos DIR --out DIR`."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import torch

from inference.measure.metrics import Seen, accuracy, retrieve
from inference.train.batches import at_side
from inference.train.calibrate import calibrate
from inference.train.config import Config, read_config
from inference.train.dataset import LabelledPhotos, read_photos
from inference.train.distil import Teachers
from inference.train.fit import fit
from inference.train.fuse import fuse
from inference.train.likeness import look_alikes
from inference.train.network import Embedder
from inference.train.report import Shown, write_report
from inference.train.run import Epoch, Run
from inference.train.score import score, score_across
from inference.train.see import look, see, see_in
from inference.train.split import split

log = logging.getLogger(__name__)


def main() -> None:
    """Write the run's folder (see `run.Run`), its calibration and its report."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = read_config(options.config)
    torch.set_num_threads(config.threads)
    run = Run(options.out)
    photos = read_parts(options.photos, config, options.cache)
    log.info("%d photos to train on, %d kept aside", len(photos.training), len(photos.aside))
    if not options.finish_only:
        train(config, photos, run, resume=options.resume)
    finish(config, photos, run)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m inference.train", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True, help="folder of <category>/<photo>")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/photos"))
    parser.add_argument("--resume", action="store_true", help="go on from the last whole epoch in --out, if any")
    parser.add_argument("--finish-only", action="store_true", help="calibrate and report on the checkpoint in --out")
    return parser.parse_args()


@dataclass(frozen=True)
class Parts:
    """`training` at the photos' size; `aside` and `known`, the training photos again, as the served model sees them."""

    training: LabelledPhotos
    aside: LabelledPhotos
    known: LabelledPhotos


def read_parts(folder: Path, config: Config, cache: Path) -> Parts:
    """Split at one size whatever the model's, so that a family of runs keeps the same photos aside."""
    photos = read_photos(folder, config.photo_size, cache)
    training, aside = split(photos, config.kept_aside, config.split_seed)
    if config.input_size == config.photo_size:
        return Parts(training, aside, training)
    served = read_photos(folder, config.input_size, cache)
    return Parts(training, served.of(aside.paths), served.of(training.paths))


def best_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(config: Config, photos: Parts, run: Run, *, resume: bool = False) -> None:
    """Fit a network to the training photos, reporting each epoch on those kept aside.

    Raises `ValueError` where `resume` finds a run of another configuration.
    """
    if resume and run.resumed() and run.config != config:
        raise ValueError(f"{run.folder} was begun with another configuration: finish that, or train elsewhere")
    torch.manual_seed(config.seed)
    device = best_device()
    categories = photos.training.categories
    network = Embedder(len(categories), config.network).to(device, memory_format=torch.channels_last)
    alike = look_alikes(network, photos.training, config.loss) if config.loss.relation_weight else None
    if config.start_from:
        start(network, config, Run(config.start_from))
    teachers = Teachers(config.distillation, categories, device) if config.distillation else None
    run.begin(config, categories)

    def report(candidate: Embedder) -> Epoch:
        seen = see(candidate, photos.aside)
        # The few kept aside search each other: comparable between epochs, not with the final figures.
        found = retrieve(seen, seen)
        return {
            "aside_accuracy": accuracy(seen.scores, seen.labels),
            "aside_map": float(found.average_precision.mean()),
        }

    fit(network, photos.training, alike, config, run=run, report=report, teachers=teachers, resume=resume)


def start(network: Embedder, config: Config, earlier: Run) -> None:
    """Begin with the averaged weights of an earlier run; raises `ValueError` where that was another network."""
    if earlier.config.network.model_copy(update={"dropout": config.network.dropout}) != config.network:
        raise ValueError(f"{earlier.folder} trained {earlier.config.network}, not {config.network}")
    network.load_state_dict(earlier.network().state_dict())


def finish(config: Config, photos: Parts, run: Run) -> None:
    """Add colours to the run's network, calibrate it on the photos kept aside, and report what it does with them."""
    teacher = _of_one_catalogue(config)
    like = teacher.parts if teacher else None
    network = run.network().to(best_device())
    in_aside, in_known = look(network, photos.aside), look(network, photos.known)
    run.keep(fuse(in_known, photos.known.pixels, config.colour, like))
    fused = run.fused()
    aside, known = see_in(in_aside, fused, photos.aside), see_in(in_known, fused, photos.known)
    calibration = calibrate(aside, photos.aside.categories, config.loss.scale)
    calibration.write(run.folder / "calibration.json")
    log.info("calibrated: %s", calibration)
    figures = score(aside, known, in_aside.features.numpy(), in_known.features.numpy())
    if teacher:
        figures |= score_across(aside, _as_seen_by(teacher, photos.training))
    log.info("aside: %s", figures)
    write_report(run, figures, Shown(photos.aside, aside), Shown(photos.known, known))


def _of_one_catalogue(config: Config) -> Run | None:
    """The run whose catalogue this one's vectors shall search."""
    how = config.distillation
    return Run(how.teachers[0]) if how and how.one_catalogue else None


def _as_seen_by(teacher: Run, photos: LabelledPhotos) -> Seen:
    return see(teacher.fused().to(best_device()), at_side(photos, teacher.config.input_size))


if __name__ == "__main__":
    main()
