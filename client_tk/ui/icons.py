"""Small shapes with soft edges, painted here: Tk draws circles and corners with steps.

Each is a PNG made in memory, some hundred bytes. Who shows one keeps it (`Icons` does).
"""

from __future__ import annotations

import math
import struct
import tkinter as tk
import zlib
from collections.abc import Callable
from functools import cache
from itertools import pairwise

Shape = Callable[[float, float], float]
"""The distance of a point from the edge of a shape in pixels, negative inside."""


def disc(size: float, radius: float) -> Shape:
    """A full circle in the middle of a square of this size."""
    middle = size / 2
    return lambda x, y: math.hypot(x - middle, y - middle) - radius


def rounded(width: float, height: float, radius: float, inset: float = 0.0) -> Shape:
    """A rectangle with round corners, `inset` from the edge of the image."""
    half_w, half_h = width / 2 - inset - radius, height / 2 - inset - radius

    def distance(x: float, y: float) -> float:
        dx, dy = abs(x - width / 2) - half_w, abs(y - height / 2) - half_h
        return math.hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius

    return distance


def stroke(points: list[tuple[float, float]], thickness: float) -> Shape:
    """A line through these points."""

    def distance(x: float, y: float) -> float:
        ways = pairwise(points)
        return min(_to_segment(x, y, a, b) for a, b in ways) - thickness / 2

    return distance


def outline(shape: Shape, thickness: float) -> Shape:
    """Only the rim of a shape, inwards."""
    return lambda x, y: max(shape(x, y), -shape(x, y) - thickness)


def _to_segment(x: float, y: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy or 1.0)
    along = min(max(along, 0.0), 1.0)
    return math.hypot(x - a[0] - along * dx, y - a[1] - along * dy)


def png(width: int, height: int, *layers: tuple[Shape, str], stretch: int = 0) -> bytes:
    """An image of these shapes, each with its colour, the first one lowest.

    `stretch` repeats the row and the column in the middle so many times.
    """
    rows = []
    for y in range(height):
        row = [_pixel(x + 0.5, y + 0.5, layers) for x in range(width)]
        row[width // 2 : width // 2] = [row[width // 2]] * stretch
        rows.append(b"\0" + b"".join(row))
    rows[height // 2 : height // 2] = [rows[height // 2]] * stretch
    head = struct.pack(">IIBBBBB", width + stretch, height + stretch, 8, 6, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 1)
    parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixel(x: float, y: float, layers: tuple[tuple[Shape, str], ...]) -> bytes:
    red = green = blue = alpha = 0.0
    for shape, colour in layers:
        cover = 0.5 - shape(x, y)
        if cover <= 0:
            continue
        r, g, b = _parts(colour)
        if cover >= 1:
            red, green, blue, alpha = r, g, b, 1.0
            continue
        left = alpha * (1 - cover)
        alpha = cover + left
        red = (r * cover + red * left) / alpha
        green = (g * cover + green * left) / alpha
        blue = (b * cover + blue * left) / alpha
    return bytes((round(red), round(green), round(blue), round(alpha * 255)))


@cache
def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


class Icons:
    """Paints each shape once and keeps it for as long as this lives."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._images: dict[tuple[object, ...], tk.PhotoImage] = {}

    def _image(self, key: tuple[object, ...], make: Callable[[], bytes]) -> tk.PhotoImage:
        if key not in self._images:
            self._images[key] = tk.PhotoImage(master=self._root, data=make(), format="png")
        return self._images[key]

    def disc(self, size: int, colour: str) -> tk.PhotoImage:
        return self._image(
            ("disc", size, colour), lambda: png(size, size, (disc(size, size / 2 - 0.5), colour))
        )

    def presence(self, size: int, colour: str, ground: str, *, online: bool) -> tk.PhotoImage:
        """A full disc or a ring, on a disc of the ground that sets it off."""
        rim = disc(size, size / 2 - 0.5)
        inner = disc(size, size / 2 - 2.5)
        mark = inner if online else outline(inner, 1.8)
        return self._image(
            ("presence", size, colour, ground, online),
            lambda: png(size, size, (rim, ground), (mark, colour)),
        )

    def pill(self, width: int, height: int, colour: str) -> tk.PhotoImage:
        shape = rounded(width, height, height / 2 - 0.5, 0.5)
        return self._image(
            ("pill", width, height, colour), lambda: png(width, height, (shape, colour))
        )

    def box(self, width: int, height: int, radius: int, colour: str) -> tk.PhotoImage:
        """A rectangle with round corners."""
        shape = rounded(width, height, radius)
        return self._image(
            ("box", width, height, radius, colour), lambda: png(width, height, (shape, colour))
        )

    def muted(self, size: int, colour: str) -> tk.PhotoImage:
        """A ring with a stroke through it."""
        ring = outline(disc(size, size / 2 - 0.5), max(size / 9, 1.3))
        edge = size * 0.17
        bar = stroke([(edge, size - edge), (size - edge, edge)], max(size / 9, 1.3))
        return self._image(
            ("muted", size, colour), lambda: png(size, size, (ring, colour), (bar, colour))
        )
