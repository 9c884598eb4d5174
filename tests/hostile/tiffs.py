"""TIFF 6.0 files written number by number, so that what they show is known without a library that reads them."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_LETTERS = {1: "B", 3: "H", 4: "I", 7: "B"}
_SHORT, _LONG, _UNDEFINED = 3, 4, 7
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

Tag = tuple[int, Sequence[int]]


def write_tiff(
    values: npt.NDArray[np.generic],
    bits: int,
    photometric: int,
    *tags: Tag,
    order: str = "<",
    planar: int = 1,
    rows: int = 0,
    tile: int = 0,
    deflate: bool = False,
    fill_order: int = 1,
) -> bytes:
    """[height, width, samples] `values` of `bits` bits each, in strips of so many `rows`, or square tiles of a side.

    `tags` are further tags, each of its number and its SHORT values.
    """
    height, width, samples = values.shape
    planes = [values[..., [n]] for n in range(samples)] if planar == 2 else [values]
    pieces = [_pack(piece, bits, order) for plane in planes for piece in _pieces(plane, rows or height, tile)]
    if deflate:
        pieces = [zlib.compress(piece) for piece in pieces]
    if fill_order == 2:
        pieces = [piece.translate(_REVERSED) for piece in pieces]
    starts = [8 + sum(map(len, pieces[:index])) for index in range(len(pieces))]
    places = {322: [tile], 323: [tile], 324: starts, 325: [*map(len, pieces)]} if tile else {}
    places |= {} if tile else {273: starts, 278: [rows or height], 279: [*map(len, pieces)]}
    fields = {256: [width], 257: [height], 258: [bits] * samples, 259: [8 if deflate else 1], 262: [photometric]}
    fields |= {277: [samples], 284: [planar], 266: [fill_order], **places, **dict(tags)}
    return _file(b"".join(pieces), fields, order)


def _pieces(plane: npt.NDArray[np.generic], rows: int, tile: int) -> list[npt.NDArray[np.generic]]:
    height, width, _ = plane.shape
    if not tile:
        return [plane[top : top + rows] for top in range(0, height, rows)]
    padded = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)))
    return [
        padded[y : y + tile, x : x + tile] for y in range(0, len(padded), tile) for x in range(0, padded.shape[1], tile)
    ]


def _pack(piece: npt.NDArray[np.generic], bits: int, order: str) -> bytes:
    if bits >= 8 and bits != 12:
        return piece.astype(piece.dtype.newbyteorder(order)).tobytes()  # type: ignore[arg-type]
    spread = (piece.reshape(len(piece), -1)[..., None] >> np.arange(bits - 1, -1, -1)) & 1  # type: ignore[operator]
    return np.packbits(spread.reshape(len(piece), -1).astype(np.uint8), axis=1).tobytes()


def _file(pixels: bytes, fields: dict[int, Sequence[int]], order: str) -> bytes:
    pixels += bytes(len(pixels) % 2)
    start = 8 + len(pixels)
    entries, tail, at = b"", b"", start + 2 + 12 * len(fields) + 4
    for tag in sorted(fields):
        kind = _LONG if tag in {256, 257, 273, 278, 279, 324, 325} else _UNDEFINED if tag in {700, 34675} else _SHORT
        body = struct.pack(f"{order}{len(fields[tag])}{_LETTERS[kind]}", *fields[tag])
        inline = body.ljust(4, b"\0") if len(body) <= 4 else struct.pack(order + "I", at + len(tail))
        entries += struct.pack(order + "HHI", tag, kind, len(fields[tag])) + inline
        tail += b"" if len(body) <= 4 else body + bytes(len(body) % 2)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return (
        magic
        + struct.pack(order + "I", start)
        + pixels
        + struct.pack(order + "H", len(fields))
        + entries
        + bytes(4)
        + tail
    )
