"""Round corners and rings for ttk: image elements that are painted anew for each palette."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from client_tk.ui.icons import Shape, disc, outline, png, rounded, stroke
from client_tk.ui.palette import Palette

_STRETCH = 31


class Shapes:
    """An element can be made only once in a theme; what changes are the images in it."""

    def __init__(self, root: tk.Misc, style: ttk.Style, scale: float) -> None:
        self._root = root
        self._style = style
        self._scale = scale
        self._images: dict[str, tk.PhotoImage] = {}
        self._radius = self._px(6)
        self._side = 2 * self._px(8) + 1
        self._sign = self._px(16)
        self._make_elements()

    def _px(self, size: float) -> int:
        return max(round(size * self._scale), 1)

    def _image(self, name: str) -> tk.PhotoImage:
        if name not in self._images:
            self._images[name] = tk.PhotoImage(master=self._root)
        return self._images[name]

    def _element(
        self, name: str, states: dict[str, str], *, border: int = 0, padding: int = 0,
    ) -> None:  # fmt: skip
        """`states` names the image for each state, the first that fits; "" is the last one."""
        specs = [
            (*state.split(), self._image(image)) for state, image in states.items() if state
        ]  # fmt: skip
        # Without them an element is at least as large as its image. The stubs know no options that
        # may be there or not.
        extra = {"width": 2 * border, "height": 2 * border} if border else {}
        self._style.element_create(
            name, "image", self._image(states[""]), *specs,
            border=border, sticky="nswe", padding=padding, **extra,
        )  # type: ignore[call-overload]  # fmt: skip

    def _make_elements(self) -> None:
        edge = self._px(8)
        for kind in ("Plain", "Accent", "Flat", "Danger", "Notice"):
            states = {
                "disabled": f"{kind}-off", "pressed": f"{kind}-down", "focus": f"{kind}-focus",
                "active": f"{kind}-over", "": kind,
            }  # fmt: skip
            self._element(f"{kind}.button", states, border=edge, padding=self._px(1))
        field = {"disabled": "field-off", "focus": "field-focus", "": "field"}
        self._element("Round.field", field, border=edge, padding=self._px(2))
        self._element("Chevron.downarrow", {"": "chevron"})
        for kind in ("Check", "Radio"):
            states = {
                "disabled selected": f"{kind}-on-off", "disabled": f"{kind}-off",
                "selected": f"{kind}-on", "active": f"{kind}-over", "": kind,
            }  # fmt: skip
            self._element(f"{kind}.sign", states)
        ring = {"focus": "ring", "": "nothing"}
        self._element("Ring.focus", ring, border=edge, padding=self._px(3))
        thumb = {"disabled": "no-thumb", "pressed": "thumb-over", "active": "thumb-over",
                 "": "thumb"}  # fmt: skip
        self._element("Thin.thumb", thumb, border=self._px(5), padding=0)
        self._element("Thin.trough", {"": "trough"})
        under = {"selected": "under-on", "": "under"}
        self._element("Under.tab", under, border=self._px(4), padding=0)

    # Painting

    def paint(self, p: Palette) -> None:
        self._paint_buttons(p)
        self._paint_fields(p)
        self._paint_signs(p)
        self._paint_bars(p)

    def _put(
        self, name: str, width: int, height: int, *layers: tuple[Shape, str], stretch: int = 0
    ) -> None:
        data = png(width, height, *layers, stretch=stretch)
        self._image(name).configure(data=data, format="png")

    def _put_box(self, name: str, *layers: tuple[Shape, str]) -> None:
        """A frame that will be stretched: a large middle is drawn with fewer tiles."""
        self._put(name, self._side, self._side, *layers, stretch=_STRETCH)

    def _paint_buttons(self, p: Palette) -> None:
        kinds = {
            "Plain": (p.raised, p.hover, p.pressed), "Danger": (p.raised, p.hover, p.pressed),
            "Accent": (p.accent, p.accent_hover, p.accent_hover),
            "Flat": ("", p.raised, p.pressed), "Notice": (p.background, p.hover, p.pressed),
        }  # fmt: skip
        for kind, (normal, over, down) in kinds.items():
            self._paint_button(kind, normal, p)
            self._paint_button(f"{kind}-over", over, p)
            self._paint_button(f"{kind}-down", down, p)
            self._paint_button(f"{kind}-off", "" if kind == "Flat" else p.raised, p)
            self._paint_button(f"{kind}-focus", normal, p, p.focus)

    def _paint_button(self, name: str, fill: str, p: Palette, ring: str = "") -> None:
        side, gap = self._side, self._px(1)
        layers: list[tuple[Shape, str]] = []
        if fill:
            inset = self._px(3.5) if ring else gap
            radius = self._radius - inset + gap
            layers.append((rounded(side, side, max(radius, 1), inset), fill))
        if fill and p.line == p.control and not ring:
            layers.append((outline(rounded(side, side, self._radius, gap), 1), p.control))
        if ring:
            layers.append((outline(rounded(side, side, self._radius, 0), self._px(2)), ring))
        self._put_box(name, *layers)

    def _paint_fields(self, p: Palette) -> None:
        box = rounded(self._side, self._side, self._radius, 0)
        for name, fill, rim, thickness in (
            ("field", p.background, p.control, 1.0),
            ("field-focus", p.background, p.focus, self._px(2)),
            ("field-off", p.surface, p.line, 1.0),
        ):
            self._put_box(name, (box, fill), (outline(box, thickness), rim))
        self._put_box("ring", (outline(box, self._px(2)), p.focus))
        self._put_box("nothing")
        wide, s = self._px(22), self._px(4)
        x, y = wide / 2 - self._px(2), self._px(10) / 2
        line = stroke([(x - s, y - s / 2), (x, y + s / 2), (x + s, y - s / 2)], self._px(1.6))
        self._put("chevron", wide, self._px(10), (line, p.muted))

    def _paint_signs(self, p: Palette) -> None:
        side = self._sign
        tick = stroke(
            [(side * 0.26, side * 0.52), (side * 0.44, side * 0.7), (side * 0.75, side * 0.32)],
            self._px(2),
        )
        square, circle = rounded(side, side, self._px(4), 0), disc(side, side / 2)
        dot = disc(side, side * 0.22)
        for kind, shape, mark in (("Check", square, tick), ("Radio", circle, dot)):
            rim = outline(shape, max(self._scale, 1.0))
            for name, *layers in (
                ("", (shape, p.background), (rim, p.control)),
                ("-over", (shape, p.hover), (rim, p.control)),
                ("-off", (shape, p.surface), (rim, p.line)),
                ("-on", (shape, p.accent), (mark, p.on_accent)),
                ("-on-off", (shape, p.raised), (mark, p.muted)),
            ):
                # What is left of the width keeps the sign apart from its text.
                self._put(f"{kind}{name}", self._px(22), side, *layers)

    def _paint_bars(self, p: Palette) -> None:
        wide, high = self._px(10), self._px(14)
        pill = rounded(wide, high, self._px(3), self._px(2))
        self._put("thumb", wide, high, (pill, p.scroll))
        self._put("thumb-over", wide, high, (pill, p.scroll_hover))
        self._put("no-thumb", wide, high)
        self._put("trough", wide, high)
        side, thick = self._px(12), self._px(2)

        def below(_x: float, y: float) -> float:
            return side - thick - y

        def hair(_x: float, y: float) -> float:
            return side - 1 - y

        self._put("under", side, side, (hair, p.line))
        self._put("under-on", side, side, (below, p.accent))
