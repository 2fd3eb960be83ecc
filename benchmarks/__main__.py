"""`./dev bench`: what a daemon does in a second, how long a message takes, what memory it holds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS, peer
from benchmarks.server import own_server
from ruggine.bench.measure import add_options, measure, measure_pairs, progress_bar, told
from ruggine.bench.progress import Progress


def main() -> None:
    """Measure a daemon of its own, and print."""
    options = _options()
    with progress_bar(options) as progress:
        with own_server(options.daemon, options.folder) as server:
            results = measure(server, options, progress)
        if options.peers:
            results["peers"] = _measure_peers(options, progress)
    print(told(results, options))


def _measure_peers(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """The same load on each of the relays, in the same run."""
    people = [(f"bench.{number}", f"bench.{number}") for number in range(2 * options.pairs)]
    results = {}
    for name in options.peers:
        with peer(PEERS[name](), options.folder) as server:
            results[name] = measure_pairs(server, people, options, progress)
    return results


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="Pairs of users send privately; prints messages a second, delays and memory of "
        "a daemon of its own with an empty database. (`ruggine bench` measures one that runs.)",
        epilog="Options after -- go to the daemon: ./dev bench -- --durability=relaxed",
    )
    add_options(parser)
    parser.add_argument("--folder", type=Path, help="where the daemon's database is put")
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, metavar="NAME",
        help="also small relays that only store and pass on, in the same run: "
        f"{', '.join(PEERS)} [all]",
    )  # fmt: skip
    parser.add_argument("daemon", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.peers = list(PEERS) if options.peers == [] else options.peers or []
    return options


if __name__ == "__main__":
    main()
