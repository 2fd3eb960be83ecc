"""File systems that fill up, and that lose what they were not made to keep. They need root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests import needs


def why_not() -> str:
    """Why this machine cannot have them; empty if it can."""
    if os.geteuid() != 0:
        return "file systems can only be mounted by root"
    return needs.why_without("ext4")


class SmallDisk:
    """A tmpfs with so many KiB."""

    def __init__(self, folder: Path, kib: int) -> None:
        self.path = folder
        folder.mkdir()
        _run("mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "ruggine", folder)

    def resize(self, kib: int) -> None:
        _run("mount", "-o", f"remount,size={kib}k", self.path)

    def fill(self) -> None:
        """To the last byte."""
        with (self.path / "ballast").open("ab", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while ballast.write(b"\0" * size):
                        pass
                except OSError:
                    continue

    def empty(self) -> None:
        (self.path / "ballast").unlink()

    def close(self) -> None:
        _run("umount", "--lazy", self.path)


class ForgetfulDisk:
    """An ext4 in a file. What the file holds is what had reached the disk; the rest is only in
    the page cache of the file system above it, and gone when the power is."""

    def __init__(self, folder: Path, mib: int = 64) -> None:
        self.path = folder / "disk"
        self._images = folder / "images"
        self.path.mkdir()
        self._images.mkdir()
        self._image = self._images / "0"
        with self._image.open("wb") as file:
            file.truncate(mib << 20)
        # No lazy initialisation: its writes would go on behind our back.
        _run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", self._image)
        self._mount()

    def copy(self) -> None:
        """What would be there after a power cut at this moment."""
        self._next = self._images / str(int(self._image.name) + 1)
        _run("cp", "--sparse=always", self._image, self._next)

    def come_back(self) -> None:
        """With what was copied, and nothing else."""
        _run("umount", self.path)
        self._image.unlink()
        self._image = self._next
        self._mount()

    def close(self) -> None:
        _run("umount", "--lazy", self.path)

    def _mount(self) -> None:
        _run("mount", "-o", "loop", self._image, self.path)


def _run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")
