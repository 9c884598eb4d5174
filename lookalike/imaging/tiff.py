"""TIFFs that Pillow does not read, or reads wrongly: numbers of any width, planes, either order of bits (TIFF 6.0)."""

import math
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFile

from lookalike.imaging import ifd
from lookalike.imaging.colour import white_of

Numbers = npt.NDArray[Any]

_RAW, _DEFLATES = 1, (8, 32_946)
_PLANES, _DIFFERENCES, _FLOAT, _BITS_REVERSED = 2, 2, 3, 2
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR, _CIELAB, _ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
_MODES: Final = {_RGB: "RGB", _CMYK: "CMYK", _YCBCR: "YCbCr", _CIELAB: "LAB", _ICCLAB: "LAB"}
"""By photometric interpretation, Pillow's mode of the first samples of a pixel; those behind are extra samples."""
_WITH_ONE: Final = {_WHITE_IS_ZERO: "L", _GREY: "L", _PALETTE: "RGB"}
_PACKED: Final = {1: "u1", 2: "u1", 4: "u1", 6: "u1", 10: "u2", 12: "u2", 14: "u2"}
_WHOLE: Final = {8: "u1", 16: "u2", 32: "u4"}
_FLOATS: Final = {16: "f2", 32: "f4", 64: "f8"}
_UNSIGNED, _UNDEFINED = 1, 4
_ASSOCIATED, _UNASSOCIATED = 1, 2
_BYTE: Final = 8
_MAX_OVERHANG: Final = 4_000_000
_BAND: Final = 64


def is_misread(tags: ifd.Tags) -> bool:
    """Whether Pillow may take this kind for another: it reads planes and reversed bits right in some modes alone."""
    return ifd.number(tags, ifd.FILL_ORDER, 1) == _BITS_REVERSED or ifd.number(tags, ifd.PLANAR, 1) == _PLANES


def is_readable(tags: ifd.Tags) -> bool:
    """Whether `SampleTiff` knows the compression."""
    return ifd.number(tags, ifd.COMPRESSION, _RAW) in {_RAW, *_DEFLATES}


def loses_planes(tags: ifd.Tags) -> bool:
    """Whether Pillow puts a compressed TIFF's planes into the wrong places."""
    return _has_planes(tags) and ifd.number(tags, ifd.PHOTOMETRIC, 0) not in {_RGB, _CMYK, _YCBCR}


def _has_planes(tags: ifd.Tags) -> bool:
    return ifd.number(tags, ifd.PLANAR, 1) == _PLANES and ifd.number(tags, ifd.SAMPLES_PER_PIXEL, 1) > 1


class SampleTiff(ImageFile.ImageFile):
    """A TIFF of plain or deflated samples, used as Pillow's readers are: `load` brings the pixels.

    Raises `ValueError` for a kind that it does not read, on `load` for lack of data too.
    """

    format = "TIFF"

    def _open(self) -> None:
        assert self.fp is not None  # noqa: S101 (given)
        data = self.fp.read()
        self._samples: _Samples | None = _Samples(data)
        self._size, self._mode = (self._samples.width, self._samples.height), self._samples.mode
        if not self.width or not self.height:
            raise ValueError("no pixels")
        self.bytes_a_pixel = self._samples.bytes_a_pixel
        self.info["exif"] = data  # a TIFF's first directory states its orientation as EXIF's does

    def load(self) -> Any:
        """Unpack the pixels, once."""
        if self._samples is not None:
            self.im, self._samples = self._samples.picture().im, None
        return Image.Image.load(self)


class _Samples:
    """What the tags say, and the pixels by it."""

    def __init__(self, data: bytes) -> None:
        self.data, self.tags = data, ifd.read_first_ifd(data)
        self.width, self.height = ifd.number(self.tags, ifd.WIDTH, 0), ifd.number(self.tags, ifd.HEIGHT, 0)
        self.kind = ifd.number(self.tags, ifd.PHOTOMETRIC, _WHITE_IS_ZERO)
        self.samples = ifd.number(self.tags, ifd.SAMPLES_PER_PIXEL, 1)
        self.bits = ifd.number(self.tags, ifd.BITS_PER_SAMPLE, 1)
        self.is_float = ifd.number(self.tags, ifd.SAMPLE_FORMAT, _UNSIGNED) == _FLOAT
        self.base = (_MODES | _WITH_ONE).get(self.kind, "")
        self.colours = 1 if self.kind in _WITH_ONE else len(_MODES.get(self.kind, "").replace("YCbCr", "YCC"))
        extra = self.tags.get(ifd.EXTRA_SAMPLES, ())[: max(0, self.samples - self.colours)]
        self.alpha = next((n for n, use in enumerate(extra) if use in {_ASSOCIATED, _UNASSOCIATED}), None)
        self.is_associated = self.alpha is not None and extra[self.alpha] == _ASSOCIATED
        letter = (_FLOATS if self.is_float else _PACKED | _WHOLE).get(self.bits)
        if letter is None or not self._is_supported():
            raise ValueError("unsupported kind of TIFF")
        self.dtype = np.dtype(letter).newbyteorder("<" if data[:1] == b"I" else ">")

    def _is_supported(self) -> bool:
        is_even = all(len({*self.tags.get(tag, (1,))}) == 1 for tag in (ifd.BITS_PER_SAMPLE, ifd.SAMPLE_FORMAT))
        formats = {_UNSIGNED, _FLOAT, _UNDEFINED}
        is_subsampled = self.kind == _YCBCR and self.tags.get(ifd.YCBCR_SUBSAMPLING, (2, 2)) != (1, 1)
        return (
            is_readable(self.tags)
            and is_even
            and 0 < self.colours <= self.samples
            and ifd.number(self.tags, ifd.SAMPLE_FORMAT, _UNSIGNED) in formats
            and ifd.number(self.tags, ifd.PREDICTOR, 1) <= (_DIFFERENCES if self.bits in _WHOLE else 1)
            and not is_subsampled
            and not (self.kind == _PALETTE and (self.is_float or self.bits > _BYTE))
        )

    @property
    def mode(self) -> str:
        """Pillow's, of the picture."""
        if self.alpha is None:
            return self.base
        return "LA" if self.base == "L" and not self.is_associated else "RGBA"

    @property
    def bytes_a_pixel(self) -> float:
        """All numbers, a strip or tile of them twice, and each channel up to four times."""
        across, down = self._part_size()
        share = max(1, across * down / (self.width * self.height))
        return self.dtype.itemsize * self.samples * (1 + 2 * share) + 4 * len(self.mode)

    def _part_size(self) -> tuple[int, int]:
        """Columns and rows of a strip or tile.

        Raises `ValueError` for tiles that hold far more than the picture: any number of them may share a few bytes.
        """
        if ifd.TILE_OFFSETS not in self.tags:
            return self.width, min(self.height, ifd.number(self.tags, ifd.ROWS_PER_STRIP, self.height))
        across, down = ifd.number(self.tags, ifd.TILE_WIDTH, 0), ifd.number(self.tags, ifd.TILE_LENGTH, 0)
        if across * down and math.ceil(self.width / across) * math.ceil(self.height / down) * across * down > (
            4 * self.width * self.height + _MAX_OVERHANG
        ):
            raise ValueError("tiles that hang over")
        return across, down

    def picture(self) -> Image.Image:
        numbers = self._numbers()
        colours = numbers[..., : self.colours]
        white = self._white(colours)
        colour = self._colour([self._to_8_bits(colours[..., n], white) for n in range(self.colours)])
        if self.alpha is None:
            return colour
        alpha = self._shades(numbers[..., self.colours + self.alpha], white)
        if not self.is_associated:
            seen = colour if colour.mode == "L" else colour.convert("RGB")
            seen.putalpha(alpha)
            return seen
        premultiplied = Image.merge("RGBA", [*colour.convert("RGB").split(), alpha])
        return Image.frombytes("RGBA", colour.size, premultiplied.tobytes(), "raw", "RGBa")

    def _numbers(self) -> Numbers:
        """[height, width, samples] of the whole picture."""
        whole = np.zeros((self.height, self.width, self.samples), self.dtype.newbyteorder("="))
        is_tiled = ifd.TILE_OFFSETS in self.tags
        offsets, counts = (ifd.TILE_OFFSETS, ifd.TILE_BYTES) if is_tiled else (ifd.STRIP_OFFSETS, ifd.STRIP_BYTES)
        spans = zip(self.tags.get(offsets, ()), self.tags.get(counts, ()), strict=False)
        for part, (rows, across) in self._parts(whole, is_tiled):
            start, size = next(spans, (len(self.data), 0))
            part[:] = self._unpack(self.data[start : start + size], (rows, across, part.shape[2]))[
                : part.shape[0], : part.shape[1]
            ]
        return whole

    def _parts(self, whole: Numbers, is_tiled: bool) -> Iterator[tuple[Numbers, tuple[int, int]]]:
        """Where each strip or tile goes, and the rows and columns it holds: tiles hang over the edge, strips end."""
        across, down = self._part_size()
        if not across or not down:
            raise ValueError("strips of nothing")
        planes = [whole[..., n : n + 1] for n in range(self.samples)] if _has_planes(self.tags) else [whole]
        for plane in planes:
            for top in range(0, self.height, down):
                for left in range(0, self.width, across):
                    part = plane[top : top + down, left : left + across]
                    yield part, (down if is_tiled else len(part), across)

    def _unpack(self, packed: bytes, shape: tuple[int, int, int]) -> Numbers:
        """The numbers of one strip or tile."""
        rows, row_numbers = shape[0], shape[1] * shape[2]
        row_bytes = (row_numbers * self.bits + 7) // 8
        if ifd.number(self.tags, ifd.FILL_ORDER, 1) == _BITS_REVERSED:
            packed = packed.translate(_REVERSED)
        if ifd.number(self.tags, ifd.COMPRESSION, _RAW) in _DEFLATES:
            packed = zlib.decompressobj().decompress(packed, rows * row_bytes)
        if len(packed) < rows * row_bytes:
            raise ValueError("a strip ends early")
        lines = np.frombuffer(packed, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
        if self.bits in _PACKED and not self.is_float:
            return _spread(lines, self.bits, row_numbers, self.dtype).reshape(shape)
        numbers = lines.view(self.dtype).reshape(shape)
        if ifd.number(self.tags, ifd.PREDICTOR, 1) == _DIFFERENCES:
            return np.cumsum(numbers, axis=1, dtype=self.dtype.newbyteorder("="))
        return numbers

    def _white(self, numbers: Numbers) -> float:
        if self.bits < 32:  # noqa: PLR2004 (of fewer, files use the whole range)
            return 1.0 if self.is_float else float(2**self.bits - 1)
        most = max((float(np.max(band, initial=0, where=np.isfinite(band))) for band in _bands(numbers)), default=0.0)
        return white_of(most, math.inf if self.is_float else 2.0**self.bits - 1)

    def _to_8_bits(self, numbers: Numbers, white: float) -> Image.Image:
        return Image.fromarray(np.ascontiguousarray(numbers)) if self.kind == _PALETTE else self._shades(numbers, white)

    def _shades(self, numbers: Numbers, white: float) -> Image.Image:
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = [
                np.clip(np.nan_to_num(band.astype(np.float64) * (255 / white), posinf=255.0), 0, 255).astype(np.uint8)
                for band in _bands(numbers)
            ]
        return Image.fromarray(np.concatenate(scaled))

    def _colour(self, channels: list[Image.Image]) -> Image.Image:
        if self.kind == _PALETTE:
            return self._from_palette(channels[0])
        if self.kind == _WHITE_IS_ZERO:
            return ImageChops.invert(channels[0])
        if self.kind == _CIELAB:  # signed a and b, which Pillow's LAB holds from -128 on as ICC's does
            channels[1:] = [channel.point([number ^ 128 for number in range(256)]) for channel in channels[1:]]
        return channels[0] if self.kind == _GREY else Image.merge(self.base, channels)

    def _from_palette(self, indexes: Image.Image) -> Image.Image:
        table, shades = [value >> 8 for value in self.tags.get(ifd.COLOUR_MAP, ())], 2**self.bits
        if len(table) != 3 * shades:
            raise ValueError("a palette of another size")
        unused = [0] * (256 - shades)
        return Image.merge(
            "RGB", [indexes.point(table[at : at + shades] + unused) for at in range(0, len(table), shades)]
        )


def _bands(numbers: Numbers) -> Iterator[Numbers]:
    for top in range(0, len(numbers), _BAND):
        yield numbers[top : top + _BAND]


def _spread(lines: Numbers, bits: int, row_numbers: int, dtype: np.dtype[Any]) -> Numbers:
    """Numbers of so few bits that they share bytes, highest bit first; each line begins with a byte of its own."""
    weights = 1 << np.arange(bits - 1, -1, -1)
    spread = [
        (np.unpackbits(band, axis=1, count=row_numbers * bits).reshape(len(band), row_numbers, bits) @ weights).astype(
            dtype
        )
        for band in _bands(lines)
    ]
    return np.concatenate(spread)
