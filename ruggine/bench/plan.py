"""How much of everything a bench does, from the command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from pathlib import Path

PARTS = ("throughput", "latency", "memory", "stress")
DESCRIPTION = """
parts (all of them where none is named):
  throughput  messages/s that are acknowledged and delivered: of pairs who send privately, and in
              groups of several sizes
  latency     milliseconds from the send to the other's receipt: at a fixed rate, and of some who
              talk while others send half of what the daemon takes
  memory      clients who connect and authenticate in a second, and what each takes that is idle
  stress      a storm of clients who all connect at once, a flood past the rate limits, and members
              of a group who do not read: the daemon must stay correct

Every message is verified: acknowledged once, and heard by everybody once, in order, whole, with the
seq of its acknowledgement. Anything else ends the bench with a message and status 1.
"""


@dataclass(frozen=True)
class Plan:
    """What is measured, and how much of it. The defaults are for a daemon of our own."""

    parts: tuple[str, ...] = PARTS
    runs: int = 3
    seconds: float = 5
    pairs: int = 50
    window: int = 8
    groups: tuple[int, ...] = (100, 1000)
    group_window: int = 32
    rate: float = 500
    connections: tuple[int, ...] = (1000, 10_000)
    per_user: int = 10
    clients: int = 1000
    flooders: int = 10
    talkers: int = 5
    slow: int = 20
    megabytes: float = 8

    @property
    def most_connections(self) -> int:
        """That are open at once."""
        by_part = {
            "throughput": max(2 * self.pairs, *self.groups),
            "latency": 2 * (self.pairs + self.talkers),
            "memory": max(self.connections),
            "stress": max(self.clients, 2 * self.flooders, self.slow),
        }
        return max(by_part[part] for part in self.parts)


RUNNING = Plan(groups=(100,), connections=(1000,), flooders=5)
"""For a daemon that runs, with its default limits, where each person costs a registration."""


def add_options(parser: argparse.ArgumentParser, default: Plan) -> None:
    """What to measure, and how to tell of it."""
    parser.add_argument("parts", nargs="*", type=_part, metavar="PART", help=", ".join(PARTS))
    for name, type_, text in (
        ("runs", whole, "of which the medians count"),
        ("seconds", _positive, "length of each run"),
        ("pairs", whole, "pairs who send privately"),
        ("window", whole, "messages in flight of each pair"),
        ("groups", _size, "sizes of the groups"),
        ("group-window", whole, "messages in flight in a group"),
        ("rate", _positive, "messages/s for the latency"),
        ("connections", whole, "how many for the memory"),
        ("per-user", whole, "connections of each user, of those"),
        ("clients", whole, "who connect at once"),
        ("flooders", whole, "pairs who flood"),
        ("talkers", whole, "pairs who go on talking beside a load, a storm and a flood"),
        ("slow", whole, "members who do not read"),
        ("megabytes", _positive, "that those are sent"),
    ):
        value = getattr(default, name.replace("-", "_"))
        many = isinstance(value, tuple)
        parser.add_argument(
            f"--{name}", type=type_, default=value, metavar="N", nargs="+" if many else None,
            help=f"{text} [{' '.join(map(str, value)) if many else f'{value:g}'}]",
        )  # fmt: skip
    add_output(parser)
    parser.add_argument(
        "--compare", type=Path, metavar="FILE", help="print ratios to an earlier --json FILE"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """How to tell of what was measured."""
    parser.add_argument(
        "--json", type=_file, nargs="?", const=Path("-"), metavar="FILE",
        help="all figures as JSON, into a file or else to the standard output",
    )  # fmt: skip
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them: FILE.svg, FILE.png")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def plan_of(options: argparse.Namespace) -> Plan:
    values = {field.name: getattr(options, field.name) for field in fields(Plan)}
    parts = tuple(part for part in PARTS if part in options.parts) or PARTS
    return Plan(**{**values, "parts": parts})


def whole(text: str) -> int:
    """A number of things."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("give a whole number from 1")
    return int(text)


def _size(text: str) -> int:
    if not text.isdigit() or not 2 <= int(text) <= 5000:
        raise argparse.ArgumentTypeError("give whole numbers from 2 to 5000")
    return int(text)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("give a number over 0")
    return value


def _part(text: str) -> str:
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f"there is no part {text!r}: {', '.join(PARTS)}")
    return text


def _file(text: str) -> Path:
    if text in PARTS:
        raise argparse.ArgumentTypeError(f"name the part before it: {text} --json")
    return Path(text)
