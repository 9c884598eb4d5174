import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from lookalike.imaging.prepare import prepare
from tests.hostile import draw, encode

RGB = tuple[int, int, int]


def centre(data: bytes) -> RGB:
    red, green, blue = prepare(data, 64).pixels[32, 32].tolist()
    return red, green, blue


def flat(colour: RGB, size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new("RGB", size, colour)


def near(one: RGB, other: RGB, within: int = 4) -> bool:
    return all(abs(a - b) <= within for a, b in zip(one, other, strict=True))


def matrix_profile(red: tuple[float, ...], green: tuple[float, ...], blue: tuple[float, ...], gamma: float) -> bytes:
    """An ICC v2 display profile: three primaries as D50 XYZ and one gamma, by ICC.1:2001-04."""

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78 + 3)
    bodies = {b"desc": name, b"cprt": b"text\0\0\0\0free\0\0\0\0", b"wtpt": xyz((0.9642, 1.0, 0.8249))}
    bodies |= {b"rXYZ": xyz(red), b"gXYZ": xyz(green), b"bXYZ": xyz(blue)}
    bodies |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    at, table, tail = 128 + 4 + 12 * len(bodies), b"", b""
    for tag, body in bodies.items():
        padded = body + bytes(-len(body) % 4)
        table += tag + struct.pack(">II", at + len(tail), len(body))
        tail += padded
    head = struct.pack(">I4sI4s4s4s12x4s", at + len(tail), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head = head.ljust(68, b"\0") + xyz((0.9642, 1.0, 0.8249))[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(bodies)) + table + tail


# Primaries adapted to D50: Adobe RGB (1998) annex B; Display P3 as in Apple's own profile.
ADOBE_RGB = matrix_profile((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 2.2)
DISPLAY_P3 = matrix_profile((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407), 2.2)


@pytest.mark.parametrize("encoding", ["jpeg", "png", "webp", "avif", "heic", "tiff"])
@pytest.mark.parametrize(
    ("profile", "stored", "seen"),
    [
        # The sRGB values of these Adobe RGB and Display P3 colours by their published matrices.
        (ADOBE_RGB, (150, 130, 100), (157, 130, 98)),
        (DISPLAY_P3, (200, 100, 80), (215, 97, 73)),
    ],
    ids=["Adobe RGB", "Display P3"],
)
def test_wide_gamuts_become_srgb(encoding: str, profile: bytes, stored: RGB, seen: RGB) -> None:
    assert near(centre(encode(flat(stored), encoding, icc_profile=profile)), seen, within=5)


@pytest.mark.parametrize(
    "profile",
    [b"", b"no profile at all", ADOBE_RGB[:200], ADOBE_RGB[:100] + bytes(400), b"\xff" * 70_000],
    ids=["empty", "text", "cut", "zeros", "ones"],
)
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    assert centre(encode(flat((150, 130, 100)), "png", icc_profile=profile)) == (150, 130, 100)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DISPLAY_P3) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_profile_keeps_a_photo_out(flips: list[tuple[int, int]]) -> None:
    profile = bytearray(DISPLAY_P3)
    for at, byte in flips:
        profile[at] = byte
    assert prepare(encode(flat((150, 130, 100)), "webp lossless", icc_profile=bytes(profile)), 64).width == 64


def test_a_profile_for_other_channels_is_ignored() -> None:
    grey = Image.new("L", (64, 64), 120)
    assert centre(encode(grey, "png", icc_profile=ADOBE_RGB)) == (120, 120, 120)


def test_srgb_stays_as_it_is() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert near(centre(encode(flat((12, 200, 77)), "png", icc_profile=profile)), (12, 200, 77), within=1)


def test_what_can_be_seen_through_lies_on_white() -> None:
    image = Image.new("RGBA", (64, 64), (200, 0, 0, 0))
    image.paste((0, 0, 200, 255), (0, 0, 64, 32))
    for encoding in ("png", "webp lossless", "avif", "heic", "tiff"):
        pixels = prepare(encode(image, encoding), 64).pixels
        assert near(tuple(pixels[10, 32].tolist()), (0, 0, 200), within=6), encoding
        assert near(tuple(pixels[54, 32].tolist()), (255, 255, 255), within=2), encoding


def test_half_seen_through_is_half_white_and_hidden_colours_do_not_bleed() -> None:
    half = Image.new("RGBA", (64, 64), (200, 0, 0, 128))
    assert near(centre(encode(half, "png")), (227, 127, 127), within=1)
    edge = Image.new("RGBA", (640, 640), (0, 255, 0, 0))
    edge.paste((100, 100, 100, 255), (0, 0, 320, 640))
    pixels = prepare(encode(edge, "png"), 64).pixels.astype(int)
    assert (pixels[..., 1] - pixels[..., 0]).max() <= 1, "the hidden green shows nowhere"


def test_palettes_and_their_transparency() -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.paste(1, (0, 0, 64, 32))
    for encoding in ("png", "gif"):
        pixels = prepare(encode(image, encoding, transparency=0), 64).pixels
        assert tuple(pixels[10, 32].tolist()) == (200, 100, 50)
        assert tuple(pixels[54, 32].tolist()) == (255, 255, 255)
    assert centre(encode(image, "bmp")) == (10, 20, 30)


def test_one_colour_may_be_the_transparent_one() -> None:
    assert centre(encode(flat((1, 2, 3)), "png", transparency=(1, 2, 3))) == (255, 255, 255)
    assert centre(encode(Image.new("L", (64, 64), 9), "png", transparency=9)) == (255, 255, 255)


def test_ink_is_dark_on_white_paper() -> None:
    """CMYK as Adobe writes it into JPEG is inverted; TIFF's is not."""
    ink = Image.new("CMYK", (64, 64), (0, 255, 255, 0))
    assert near(centre(encode(ink, "jpeg", subsampling=-1)), (255, 0, 0), within=6)
    assert near(centre(encode(ink, "tiff")), (255, 0, 0), within=1)


def test_ycck_is_read_as_cmyk() -> None:
    """An Adobe marker with transform 2 says that the first three inks are stored as YCbCr."""
    data = encode(Image.new("CMYK", (64, 64), (0, 0, 0, 255)), "jpeg", subsampling=-1)
    assert near(centre(data), (0, 0, 0), within=6)
    adobe = data.index(b"Adobe")
    ycck = data[: adobe + 11] + b"\2" + data[adobe + 12 :]
    assert prepare(ycck, 64).media_type == "image/jpeg"
    assert centre(ycck) != centre(encode(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "jpeg", subsampling=-1))


@pytest.mark.parametrize("encoding", ["png", "tiff", "gif"])
def test_bits_are_black_and_white(encoding: str) -> None:
    image = Image.new("1", (64, 64), 1)
    image.paste(0, (0, 0, 64, 32))
    pixels = prepare(encode(image, encoding), 64).pixels
    assert tuple(pixels[10, 32].tolist()) == (0, 0, 0)
    assert tuple(pixels[54, 32].tolist()) == (255, 255, 255)


@pytest.mark.parametrize("encoding", ["png", "tiff"])
def test_sixteen_bits_of_grey_are_scaled_not_clipped(encoding: str) -> None:
    ramp = np.broadcast_to(np.linspace(0, 65535, 64).astype(np.uint16), (64, 64)).copy()
    pixels = prepare(encode(Image.fromarray(ramp), encoding), 64).pixels[32, :, 0].astype(int)
    assert np.abs(pixels - np.linspace(0, 255, 64)).max() <= 2


def sixteen_bit_png(colour: RGB) -> bytes:
    import zlib  # noqa: PLC0415 (this format is made here alone)

    from tests.hostile.bombs import png_chunk  # noqa: PLC0415

    line = b"\0" + struct.pack(">HHH", *(value * 257 for value in colour)) * 64
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 16, 2, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(line * 64))
    return b"\x89PNG\r\n\x1a\n" + header + body + png_chunk(b"IEND", b"")


def test_sixteen_bits_of_colour_too() -> None:
    assert near(centre(sixteen_bit_png((200, 100, 50))), (200, 100, 50), within=1)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_floating_point_greys_find_their_scale(top: float) -> None:
    ramp = np.broadcast_to(np.linspace(0, top, 64).astype(np.float32), (64, 64)).copy()
    ramp[0, 0] = np.nan
    ramp[1, 0] = -5
    pixels = prepare(encode(Image.fromarray(ramp), "tiff"), 64).pixels[32, :, 0].astype(int)
    assert np.abs(pixels - np.linspace(0, 255, 64)).max() <= 3


def test_wide_integers_find_theirs() -> None:
    image = Image.fromarray(np.full((64, 64), 32768, dtype=np.int32))
    assert near(centre(encode(image, "tiff")), (127, 127, 127), within=1)


def test_lab_and_ycbcr_tiffs() -> None:
    lab = ImageCms.profileToProfile(
        flat((60, 120, 180)), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    assert near(centre(encode(lab, "tiff")), (60, 120, 180), within=5)
    assert near(centre(encode(flat((60, 120, 180)).convert("YCbCr"), "tiff")), (60, 120, 180), within=3)


def test_grey_stays_grey() -> None:
    for image in (Image.new("L", (64, 64), 77), Image.new("LA", (64, 64), (77, 255))):
        assert centre(encode(image, "png")) == (77, 77, 77)


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})])
def test_of_many_frames_the_first_is_used(kind: str, options: dict[str, bool]) -> None:
    buffer = io.BytesIO()
    others = [flat((0, 0, 255)), flat((0, 255, 0))]
    flat((255, 0, 0)).save(buffer, kind, save_all=True, append_images=others, **options)
    assert centre(buffer.getvalue()) == (255, 0, 0)


def test_a_camera_that_stores_several_pictures_in_a_jpeg() -> None:
    buffer = io.BytesIO()
    draw(96, 64).save(buffer, "MPO", save_all=True, append_images=[flat((0, 0, 255))], quality=95)
    photo = prepare(buffer.getvalue(), 64)
    assert (photo.media_type, photo.width, photo.height) == ("image/jpeg", 96, 64)
