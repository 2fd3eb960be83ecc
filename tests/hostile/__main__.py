"""`./dev hostile`: play every attack at full size beside two people who talk, and print what they
felt as a table for docs/security.md."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from ruggine.bench.figures import Figures
from tests.daemon import Daemon
from tests.hostile import passwords, work
from tests.hostile.harness import (
    PAIR_OPTIONS,
    Attack,
    attacking,
    pair_talking,
    register,
    target_of,
)

ATTACKS = [*work.ATTACKS, *passwords.ATTACKS]
"""Of every kind: a new file adds its own here."""

ACCOUNTS = 10
"""Of the attacker."""

_SETTLE_S = 0.5


def main() -> None:
    arguments = _arguments()
    chosen = [a for a in ATTACKS if all(word in a.name for word in arguments.words)]
    print("| attack | connections | p50 | p99 | p99 without |\n|---|---|---|---|---|", flush=True)
    for attack in chosen:
        print(_row(attack, arguments.seconds), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev hostile", description=__doc__)
    parser.add_argument("words", nargs="*", help="only the attacks whose names hold these [all]")
    parser.add_argument("--seconds", type=float, default=5, help="of each attack [5]")
    return parser.parse_args()


def _row(attack: Attack, seconds: float) -> str:
    """With a daemon that nobody has attacked before."""
    with tempfile.TemporaryDirectory(prefix="ruggine-hostile-") as folder:
        daemon = Daemon(Path(folder), *PAIR_OPTIONS, "--log-level", "info").start()
        try:
            without, felt = _measured(daemon, attack, seconds)
        finally:
            daemon.kill()
    return (
        f"| {attack.name} | {attack.size} | {felt['p50_ms']:.1f} ms | {felt['p99_ms']:.1f} ms "
        f"| {without['p99_ms']:.1f} ms |"
    )


def _measured(daemon: Daemon, attack: Attack, seconds: float) -> tuple[Figures, Figures]:
    target = target_of(daemon, ACCOUNTS)
    pair = [register(daemon, name) for name in ("luigi", "dory")]
    found = []
    for attacked in (False, True):
        with attacking(attack, target, attack.size) if attacked else contextlib.nullcontext():
            time.sleep(_SETTLE_S)
            with pair_talking(daemon, pair) as bystanders:
                time.sleep(seconds)
                found.append(bystanders.stop().delay_figures())
    return found[0], found[1]


if __name__ == "__main__":
    sys.exit(main())
