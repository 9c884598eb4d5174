"""What cannot be brought is refused with a sentence, and leaves nothing behind."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")
open_clip = pytest.importorskip("open_clip", reason="open_clip comes with the extra `bring` only")

from brought import CATEGORIES, know_small_clip, small_clip, write_photos  # noqa: E402 (needs torch)
from safetensors.torch import save_file  # noqa: E402 (comes with open_clip)

from inference.export.bring.__main__ import main  # noqa: E402 (needs torch)
from inference.export.bring.from_open_clip import load  # noqa: E402 (needs torch)
from inference.export.bring.weights import read_weights  # noqa: E402 (needs torch)

Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def architecture(tmp_path_factory: pytest.TempPathFactory) -> str:
    return know_small_clip(tmp_path_factory.mktemp("configs"))


@pytest.fixture(scope="module")
def weights(architecture: str) -> Weights:
    return small_clip(architecture).state_dict()


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Ask for a model, and give what is said on its being refused."""

    def ask(architecture: str, weights: Path | Weights, *more: str, library: str = "open_clip") -> str:
        if isinstance(weights, dict):
            save_file(weights, tmp_path / "w.safetensors")
            weights = tmp_path / "w.safetensors"
        photos = () if "--photos" in more else ("--photos", str(tmp_path))
        out = tmp_path / "out"
        arguments = ("--library", library, "--architecture", architecture, "--weights", str(weights), *photos, *more)
        assert main([*arguments, "--out", str(out), "--cache", str(tmp_path / "cache")]) == 2
        assert not out.exists()
        return capsys.readouterr().err

    return ask


def test_weights_of_another_architecture(refused: Callable[..., str], architecture: str, weights: Weights) -> None:
    spoilt = {name: value for name, value in weights.items() if name != "text_projection"}
    spoilt |= {"visual.proj": torch.zeros(384, 7), "fc.weight": torch.zeros(2)}
    said = refused(architecture, spoilt)
    assert "1 missing (text_projection)" in said
    assert "1 foreign (fc.weight)" in said
    assert "1 of another shape (visual.proj [384, 7] for [384, 320])" in said


def test_weights_that_are_not_finite(refused: Callable[..., str], architecture: str, weights: Weights) -> None:
    said = refused(architecture, weights | {"visual.proj": torch.full((384, 320), torch.nan)})
    assert "holds numbers that are not finite, in visual.proj" in said


class _Code:
    """What a hostile file does when it is unpickled carelessly."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (Path.touch, (Path("ran"),))  # type: ignore[return-value]  # as pickle calls it


def test_a_file_with_code_in_it_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str], architecture: str
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"visual.proj": _Code()}, tmp_path / "w.pt")
    (tmp_path / "w.bin").write_bytes(pickle.dumps(_Code()))
    for file in (tmp_path / "w.pt", tmp_path / "w.bin"):
        assert "holds no weights that can be read safely" in refused(architecture, file)
    assert not (tmp_path / "ran").exists()
    pickle.loads((tmp_path / "w.bin").read_bytes())  # noqa: S301 (it would have run)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("w.safetensors", b""),
        ("w.safetensors", b"\xff" * 64),
        ("w.pt", b"PK\x03\x04 truncated"),
        ("w.bin", pickle.dumps({"a": 1})),
        ("w.npz", b"PK"),
    ],
    ids=["empty", "endless-header", "truncated", "no-tensors", "numpy"],
)
def test_files_that_hold_no_weights(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        read_weights(tmp_path / name)


def test_wrapped_weights_are_found(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": {"module.a": torch.ones(2), "module.b": torch.ones(1)}}, tmp_path / "w.pth")
    assert set(read_weights(tmp_path / "w.pth")) == {"a", "b"}


def test_unknown_architectures_are_told_their_nearest(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "nearest: ViT-B-16-SigLIP" in refused("ViT-B-16-SigLP", tmp_path / "none.pt")
    assert "timm has no architecture 'resnet5O'; nearest: resnet50" in refused("resnet5O", tmp_path, library="timm")
    assert "nearest: resnet" in refused("resnet19", tmp_path, library="torchvision")


@pytest.mark.parametrize("name", ["hf-hub:Marqo/marqo-fashionSigLIP", "local-dir:somewhere"])
def test_no_hub_is_asked_for_an_architecture(refused: Callable[..., str], tmp_path: Path, name: str) -> None:
    assert f"open_clip has no architecture '{name}'" in refused(name, tmp_path / "none.pt")


def test_text_towers_that_live_on_a_hub(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "takes its text tower's architecture from a hub" in refused("roberta-ViT-B-32", tmp_path / "none.pt")
    assert "no tokenizer for ViT-B-16-SigLIP in its package" in refused("ViT-B-16-SigLIP", tmp_path / "none.pt")
    folder = ("--tokenizer", str(tmp_path))
    assert f"no tokenizer.json in {tmp_path}" in refused("ViT-B-16-SigLIP", tmp_path / "none.pt", *folder)
    assert "no weights at" in refused("ViT-B-16-SigLIP", tmp_path / "none.pt", "--image-only")


def test_a_tokenizer_is_asked_of_open_clip_alone(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "timm has no text towers" in refused("resnet18", tmp_path, "--image-only", library="timm")


def test_narrow_features(refused: Callable[..., str], tmp_path: Path) -> None:
    name = know_small_clip(tmp_path, embed_dim=192)
    assert "its features have 192 numbers, an embedding 256" in refused(name, small_clip(name).state_dict())


def test_pixels_that_the_library_cannot_know(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, architecture: str, weights: Weights
) -> None:
    """Weights of two kinds are published for it, as for ViT-L-14."""
    kinds = {"one": {"mean": (0.5,) * 3}, "other": {"mean": (0.4,) * 3}}
    there = "inference.export.bring.from_open_clip."
    monkeypatch.setattr(there + "list_pretrained_tags_by_model", lambda _: list(kinds))
    monkeypatch.setattr(there + "get_pretrained_cfg", lambda _, tag: kinds[tag])
    assert "take pixels of several kinds: say which, by --mean and --std" in refused(architecture, weights)
    assert "several kinds" in refused(architecture, weights, "--mean", "0.5", "0.5", "0.5")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("few") / "photos", each=12)


def test_too_few_photos(refused: Callable[..., str], architecture: str, weights: Weights, few: Path) -> None:
    said = refused(architecture, weights, "--photos", str(few), "--aside", "0.25")
    assert "27 photos are left to fit on with 9 of 36 kept aside: 256 components need at least 257" in said


def test_photos_kept_for_measuring(
    refused: Callable[..., str], architecture: str, weights: Weights, tmp_path: Path
) -> None:
    for folder in (write_photos(tmp_path / "validation", each=5), write_photos(tmp_path / "all", ("test",), each=5)):
        said = refused(architecture, weights, "--photos", str(folder))
        assert "has photos kept for measuring" in said
    (tmp_path / "train").symlink_to(tmp_path / "validation")
    assert "kept for measuring" in refused(architecture, weights, "--photos", str(tmp_path / "train"))


def test_categories_that_cannot_be_told(
    refused: Callable[..., str], architecture: str, weights: Weights, tmp_path: Path
) -> None:
    one = write_photos(tmp_path / "one", ("dress",), each=5)
    assert "photos of one category, dress, tell nothing" in refused(architecture, weights, "--photos", str(one))
    small = write_photos(tmp_path / "small", CATEGORIES, each=4)
    assert "at least 5 photos: dress (4), hat (4), t-shirt (4)" in refused(
        architecture, weights, "--photos", str(small)
    )
    assert "no folder" in refused(architecture, weights, "--photos", str(tmp_path / "nowhere"))


def test_a_photo_that_is_none_is_named(
    refused: Callable[..., str], architecture: str, weights: Weights, tmp_path: Path
) -> None:
    folder = write_photos(tmp_path / "photos", each=5)
    (folder / "hat" / "3.png").write_bytes(b"not a photo")
    assert "hat/3.png cannot be used" in refused(architecture, weights, "--photos", str(folder))


def test_weights_that_see_nothing(
    refused: Callable[..., str], architecture: str, weights: Weights, tmp_path: Path
) -> None:
    blind = weights | {"visual.proj": torch.zeros(384, 320)}
    folder = write_photos(tmp_path / "photos", each=110)
    assert "fill 0 directions of the features" in refused(architecture, blind, "--photos", str(folder))


def test_a_folder_of_a_tokenizer_is_read_and_no_code_in_it_run(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="comes with transformers, as open_clip with `bring` only")
    words = {"<pad>": 0, "a": 1, "photo": 2, "of": 3, "hat": 4, "<unk>": 5}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<unk>"))  # noqa: S106 (a word, no password)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>", "unk_token": "<unk>",'
        ' "auto_map": {"AutoTokenizer": ["code.Run", null]}}'
    )
    (folder / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    text = {"context_length": 8, "vocab_size": 6, "hf_tokenizer_name": "no/where", "width": 64, "heads": 2, "layers": 1}
    name = know_small_clip(tmp_path, text_cfg=text)
    save_file(small_clip(name).state_dict(), tmp_path / "w.safetensors")
    source = load(name, tmp_path / "w.safetensors", tokenizer=folder)
    assert source.text.tokenize(["a photo of a hat"]).tolist() == [[1, 2, 3, 1, 4, 0, 0, 0]]
    assert (source.text.length, source.text.vocabulary) == (8, 6)
    assert not (tmp_path / "ran").exists()
