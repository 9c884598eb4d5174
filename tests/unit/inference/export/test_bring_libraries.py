"""Image models of torchvision and timm: features instead of their classes, pixels as they were trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")
timm = pytest.importorskip("timm", reason="timm comes with the extra `bring` only")
torchvision = pytest.importorskip("torchvision", reason="torchvision comes with the extra `bring` only")

from inference.export.bring import from_timm, from_torchvision  # noqa: E402 (needs torch)
from inference.export.bring.publish import Graph, publish  # noqa: E402 (needs torch)
from inference.export.bring.source import Source  # noqa: E402 (needs torch)
from inference.export.bring.towers import PhotoFeatures  # noqa: E402 (needs torch)
from lookalike.adapters.embedded.silent_onnxruntime import ort  # noqa: E402 (with the others)

HALVES = 1e-3  # the file keeps 11 bits of each weight
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def kept(network: torch.nn.Module, folder: Path) -> Path:
    torch.save(network.state_dict(), folder / "w.pth")
    return folder / "w.pth"


def exported(source: Source, photos: np.ndarray, folder: Path) -> np.ndarray:
    """Unit features by ONNX Runtime."""
    example = torch.zeros(2, source.side, source.side, 3, dtype=torch.uint8)
    graph = Graph(PhotoFeatures(source.tower, source.pixels), example, "PHOTO", ("FEATURES",), {"name": "features"})
    content = publish(graph, folder / "f.onnx", Path.read_bytes)
    (features,) = ort.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {"PHOTO": photos})
    return features


def normalised(photos: np.ndarray, mean: tuple[float, ...], std: tuple[float, ...]) -> torch.Tensor:
    return torch.from_numpy(((photos / 255 - np.array(mean)) / np.array(std)).transpose(0, 3, 1, 2)).float()


def unit(features: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(features).detach().numpy()


def pictures(count: int, side: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_a_classifier_of_torchvision_gives_what_its_last_matrix_takes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = torchvision.models.resnet18(weights=None, num_classes=7).eval()  # trained on classes of its own
    source = from_torchvision.load("resnet18", kept(network, tmp_path))
    assert (source.width(), source.side) == (512, 224)
    photos = pictures(3, source.side)
    network.fc = torch.nn.Identity()
    expected = unit(network(normalised(photos, *IMAGENET)))
    np.testing.assert_allclose(exported(source, photos, tmp_path), expected, atol=HALVES)


def test_a_model_of_timm_gives_its_pooled_features(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = timm.create_model("test_vit.r160_in1k", pretrained=False, num_classes=9).eval()
    source = from_timm.load("test_vit.r160_in1k", kept(network, tmp_path))
    assert (source.width(), source.side) == (network.num_features, 160)
    photos = pictures(3, source.side)
    half = ((0.5,) * 3, (0.5,) * 3)  # of that tag
    expected = unit(network.forward_head(network.forward_features(normalised(photos, *half)), pre_logits=True))
    np.testing.assert_allclose(exported(source, photos, tmp_path), expected, atol=HALVES)


@pytest.mark.parametrize(
    ("name", "said"),
    [("squeezenet1_1", "does not end in a matrix"), ("googlenet", "takes pixels in ways of its own")],
)
def test_networks_without_features_of_their_own_are_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_torchvision.load(name, tmp_path / "none.pth")


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    file = kept(torchvision.models.resnet34(weights=None), tmp_path)
    with pytest.raises(ValueError, match=r"not those of this architecture: \d+ foreign \(layer1.2.bn1.bias, .*, …\)$"):
        from_torchvision.load("resnet18", file)


def test_an_export_that_fails_its_check_leaves_nothing(tmp_path: Path) -> None:
    graph = Graph(torch.nn.Identity(), torch.zeros(2, 3), "PHOTO", ("SAME",), {"name": "same"})

    def check(_: Path) -> None:
        raise RuntimeError("it answers otherwise")

    with pytest.raises(RuntimeError, match="answers otherwise"):
        publish(graph, tmp_path / "model.onnx", check)
    assert not list(tmp_path.iterdir())


def test_a_tower_beyond_two_gibibytes_is_refused(tmp_path: Path) -> None:
    vast = torch.nn.Linear(2**15, 2**14, device="meta")
    with pytest.raises(ValueError, match=r"2\.0 GiB of weights are more than one ONNX graph can hold"):
        publish(
            Graph(vast, torch.zeros(2, 2**15), "PHOTO", ("X",), {"name": "x"}), tmp_path / "m.onnx", Path.read_bytes
        )
