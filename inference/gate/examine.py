import platform
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

from inference.gate import figures
from inference.gate.contract import Trial, in_batches, promises
from inference.gate.criteria import KEPT, Criteria, Value
from inference.gate.findings import Finding
from inference.gate.model import Model, open_model
from inference.gate.photos import Shown, listed, show
from inference.gate.speed import race
from inference.gate.verdict import Comparison, Measured, PhotoSet, Verdict
from lookalike.cli.progress import Advance
from lookalike.errors import InvalidRequestError

_NEEDED_FOR_PHOTOS: Final = ("readable", "preparation", "similarity", "shapes", "batch_sizes")
_LIBRARIES: Final = ("lookalike", "numpy", "onnxruntime", "pillow")
_BYTES_A_MB: Final = 1e6


@dataclass(frozen=True, slots=True)
class Examination:
    """What candidates are examined with: folders of ``<category>/<photo>``, threads, rounds of the race.

    Without a catalogue the photos search each other. `watch` shows how far a step is: its name, and how many photos.
    """

    photos: Path
    catalogue: Path | None
    watch: Callable[[str, float], AbstractContextManager[Advance]]
    threads: int = 1
    rounds: int = 20

    def __call__(self, candidate: Path, current: Path, criteria: Criteria) -> Verdict:
        """Measure both and judge the candidate, for parity, too, where its metadata claims it.

        Raises `InvalidRequestError` where there is nothing to judge: a file that is no model, a current model that
        cannot be served, photos that cannot be used.
        """
        old, new = open_model(current, "current", self.threads), open_model(candidate, "candidate", self.threads)
        tried = {old.role: Trial.of(old)} | ({new.role: Trial.of(new)} if new.facts else {})
        _check_current(old, tried[old.role])
        values = promises(new, old.known_facts, tried.get(new.role))
        able = all(values.get(name) == KEPT for name in _NEEDED_FOR_PHOTOS)
        shown, known, found = self._show((old, new) if able else (old,), tried)
        comparison = figures.comparison(found[1], found[0]) if able else None
        if comparison:
            values |= {**found[1].numbers, **in_batches(tried[new.role]), **_compared(comparison)}
        values["size_mb"] = new.size_bytes / _BYTES_A_MB
        applied = replace(criteria, parity=criteria.parity or _claims_parity(new, old))
        return Verdict(
            candidate=_measured(found[1]) if able else _described(new),
            current=_measured(found[0]),
            photos=PhotoSet(sha256=shown.sha256, photos=shown.photos),
            catalogue=PhotoSet(sha256=known.sha256, photos=known.photos) if known else None,
            comparison=comparison,
            criteria=tuple(criterion.judge(values) for criterion in applied),
            runtime=_runtime(self.threads),
        )

    def _show(self, models: tuple[Model, ...], tried: Mapping[str, Trial]) -> tuple[Shown, Shown | None, list[Finding]]:
        shown = self._watched("photos", self.photos, models)
        _check_labels(shown, models)
        known = self._watched("catalogue", self.catalogue, models) if self.catalogue else None
        catalogues = known.by_model if known else [None] * len(models)
        parts = zip(models, shown.by_model, catalogues, race(models, self.rounds), strict=True)
        return shown, known, [Finding.of(each[0], tried[each[0].role], *each[1:]) for each in parts]

    def _watched(self, what: str, folder: Path, models: tuple[Model, ...]) -> Shown:
        photos = listed(folder)
        with self.watch(what, len(photos)) as advance:
            return show(photos, models, advance)


def _check_current(model: Model, trial: Trial) -> None:
    kept = promises(model, model.known_facts, trial)
    faults = [f"{name}: {value}" for name, value in kept.items() if value != KEPT]
    if faults:
        raise InvalidRequestError(model.role, f"breaks the contract itself ({'; '.join(faults)})")


def _check_labels(shown: Shown, models: tuple[Model, ...]) -> None:
    known = {name for model in models for name in model.known_facts.categories}
    if foreign := sorted(set(shown.by_model[0].categories) - known):
        raise InvalidRequestError("photos", f"no model knows the category {', '.join(foreign)}")


def _claims_parity(candidate: Model, current: Model) -> bool:
    """Whether it says that it is the current model in another precision, or made from the same as that."""
    if candidate.sha256 == current.sha256:
        return True
    source = candidate.metadata.get("source_sha256")
    if source:
        return source in {current.sha256, current.metadata.get("source_sha256")}
    return candidate.metadata.get("precision", "fp32") != current.metadata.get("precision", "fp32")


def _compared(comparison: Comparison) -> dict[str, Value]:
    """By the names of the criteria."""
    values: dict[str, Value] = {
        "speed_ratio_alone": comparison.speed_ratio.alone,
        "speed_ratio_in_8": comparison.speed_ratio.in_8,
        "ece_rise": comparison.ece_rise,
        "parity_mean_cosine": comparison.parity.mean if comparison.parity else None,
    }
    if comparison.losses:
        values |= {f"{name}_loss": figure["value"] for name, figure in comparison.losses.model_dump().items()}
    return values


def _described(model: Model) -> Measured:
    version_ = str(model.facts.version) if model.facts else None
    return Measured(sha256=model.sha256, bytes=model.size_bytes, version=version_)


def _measured(found: Finding) -> Measured:
    quality = figures.quality(found.judged) if found.judged else None
    return _described(found.model).model_copy(update={"quality": quality, "speed": figures.speed(found.speeds)})


def _runtime(threads: int) -> dict[str, str]:
    versions = {name: version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), **versions, "machine": platform.machine(), "threads": str(threads)}
