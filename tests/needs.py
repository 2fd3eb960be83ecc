"""What the tests need beside Python packages: found, installed where that is allowed, or named.

`python tests/needs.py NAME ...` (all without a name) installs what is missing when it runs as root,
or where `sudo` asks for no password, on a system with apt. Elsewhere it prints the one command to
copy. It ends with 0 either way: a test whose need is missing is left out and named at the end of
the run (tests/left_out.py). Standard library only, for it runs before `.venv` exists.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Need:
    """Something that a machine has or lacks, with the packages that bring it."""

    what: str
    present: Callable[[], bool]
    debian: tuple[str, ...]
    fedora: tuple[str, ...] = ()
    brew: tuple[str, ...] = ()


def _programs(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


def _modules(*names: str) -> Callable[[], bool]:
    return lambda: all(importlib.util.find_spec(name) for name in names)


def of_root(name: str) -> str | None:
    """Debian has some programs where only root looks for them."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def _display() -> bool:
    """Xvfb, or a display that is there; macOS always has one."""
    return sys.platform == "darwin" or bool(shutil.which("Xvfb") or os.environ.get("DISPLAY"))


NEEDS = {
    "venv": Need("Python's venv with pip", _modules("venv", "ensurepip"), ("python3-venv",)),
    "tk": Need(
        "Tk for this Python", _modules("_tkinter"),
        ("python3-tk",), ("python3-tkinter",), ("python-tk",),
    ),
    "display": Need(
        "a display, or Xvfb to make one", _display, ("xvfb",), ("xorg-x11-server-Xvfb",)
    ),
    "keyboard": Need(
        "xdotool and setxkbmap, which press keys of any layout", _programs("xdotool", "setxkbmap"),
        ("xdotool", "x11-xkb-utils"), ("xdotool", "setxkbmap"),
    ),
    "browser": Need(
        "chromium with its driver", _programs("chromium", "chromedriver"),
        ("chromium", "chromium-driver"), ("chromium", "chromedriver"),
        ("chromium", "chromedriver"),
    ),
    "strace": Need("strace", _programs("strace"), ("strace",), ("strace",)),
    "ext4": Need(
        "mkfs.ext4 and mount", _programs("mkfs.ext4", "mount", "umount"),
        ("e2fsprogs", "mount"), ("e2fsprogs", "util-linux"),
    ),
    "promtool": Need(
        "promtool, which tries alert rules", _programs("promtool"),
        ("prometheus",), (), ("prometheus",),
    ),
    "logrotate": Need(
        "logrotate with pkill", lambda: bool(of_root("logrotate") and shutil.which("pkill")),
        ("logrotate", "procps"), ("logrotate", "procps-ng"), ("logrotate",),
    ),
    "nginx": Need(
        "nginx", lambda: bool(of_root("nginx")), ("nginx-light",), ("nginx",), ("nginx",)
    ),
    "haproxy": Need(
        "haproxy", lambda: bool(of_root("haproxy")), ("haproxy",), ("haproxy",), ("haproxy",)
    ),
    "systemd": Need(
        "systemd-analyze, which reads units", _programs("systemd-analyze"),
        ("systemd",), ("systemd",),
    ),
}  # fmt: skip


def missing(names: Iterable[str] = NEEDS) -> list[str]:
    return [name for name in names if not NEEDS[name].present()]


def why_without(name: str) -> str:
    """Why a test that needs this cannot run here; empty where it can."""
    if NEEDS[name].present():
        return ""
    packages = " ".join(NEEDS[name].debian)
    return f"this machine lacks {NEEDS[name].what} (Debian: apt install {packages})"


def require(name: str) -> None:
    """Leave the running test out where the machine lacks this."""
    import pytest

    if reason := why_without(name):
        pytest.skip(reason)


def with_nc() -> dict[str, str]:
    """The environment for programs that our documents show, with an `nc` on its PATH."""
    if shutil.which("nc"):
        return dict(os.environ)
    stand_in = Path(__file__).with_name("stand_in")
    return {**os.environ, "PATH": f"{os.environ['PATH']}:{stand_in}"}


def packages(names: Iterable[str], system: str) -> list[str]:
    """Without repetition; `system` is a field of Need."""
    return list(dict.fromkeys(p for name in names for p in getattr(NEEDS[name], system)))


def command_for(names: list[str]) -> list[str]:
    """What a person types on this system to install them; empty where that is not known."""
    for program, system, words in (
        ("apt-get", "debian", ["apt-get", "install", "-y"]),
        ("dnf", "fedora", ["dnf", "install"]),
        ("brew", "brew", ["brew", "install"]),
    ):
        if shutil.which(program):
            wanted = packages(names, system)
            return [*(() if program == "brew" else ("sudo",)), *words, *wanted] if wanted else []
    return []


def _as_root() -> list[str] | None:
    """What makes a command run as root without a question; None where that cannot be."""
    if os.geteuid() == 0:
        return []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if shutil.which("sudo") and not subprocess.run(["sudo", "-n", "true"], **quiet).returncode:
        return ["sudo", "-n"]
    return None


def install(names: list[str]) -> None:
    """One call of apt-get, after an update of its lists. Failures show in what is missing then."""
    root = _as_root()
    if root is None or not shutil.which("apt-get"):
        return
    wanted = packages(names, "debian")
    _say(f"installing Debian packages: {' '.join(wanted)}")
    # Under sudo a variable of ours would be dropped, so it is set by `env`.
    quietly = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    subprocess.run([*quietly, "update"], check=False)
    subprocess.run(
        [*quietly, "install", "-y", "--no-install-recommends", *wanted],
        check=False, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _say(text: str) -> None:
    sys.stdout.write(f"./dev: {text}\n")
    sys.stdout.flush()


def main(names: list[str]) -> None:
    wanted = missing(names or NEEDS)
    if wanted:
        install(wanted)
    still = missing(wanted)
    if not still:
        return
    _say(f"this machine lacks {'; '.join(NEEDS[name].what for name in still)}.")
    if command := command_for(still):
        _say(f"to install that:  {' '.join(command)}")


if __name__ == "__main__":
    main(sys.argv[1:])
