"""The status page: a few files, written by hand, that show what /metrics says."""

from __future__ import annotations

from importlib.resources import files

_NAMES = ("index.html", "status.css", "status.js", "icon.svg")


def page_files() -> dict[str, bytes]:
    """Each file of the page by its name."""
    return {name: files(__name__).joinpath(name).read_bytes() for name in _NAMES}
