"""The console script `ruggine`: everything beside the daemon itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ruggine import __version__, terminal


@terminal.output()
def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 0 if all is well, 1 if something is not, and 2 if it was not understood."""
    parser = argparse.ArgumentParser(
        prog="ruggine",
        description="A self-hosted real-time chat. The daemon itself is `twistd -n ruggine`.",
    )
    parser.add_argument("--version", action="version", version=f"Ruggine {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_doctor(commands)
    _add_bench(commands)
    _add_deploy(commands)
    chosen = parser.parse_args(arguments)
    sys.exit(chosen.run(chosen))


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ruggine import config

    doctor = commands.add_parser(
        "doctor",
        usage="ruggine doctor [--delivery N] [--own-daemon] [--json] [options of the daemon]",
        help="say what is wrong with an installation, and what to do about it",
        description="Say what is wrong with an installation, and what to do about it. Give it the "
        "options that the daemon has, or the same environment. It changes nothing. The exit "
        "status is 1 if there is any fault.",
    )
    doctor.add_argument(
        "--delivery", type=_messages, metavar="N",
        help="also send N messages through disconnects and slow readers, and count what is lost "
        "or doubled: to the daemon that runs, or else to one of its own, which is also killed",
    )  # fmt: skip
    doctor.add_argument(
        "--own-daemon", action="store_true", help="with --delivery: leave the running daemon alone"
    )
    doctor.add_argument("--json", action="store_true", help="findings as JSON")
    config.add_options(doctor.add_argument_group("options of the daemon"))
    doctor.set_defaults(run=_doctor)


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ruggine.bench import running

    bench = commands.add_parser(
        "bench",
        help="measure what a running daemon does in a second, and whether it stays correct",
        description=running.ABOUT,
        epilog=running.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    running.add_running_options(bench)
    bench.set_defaults(run=_bench)


def _add_deploy(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from ruggine import handout

    deploy = commands.add_parser(
        "deploy",
        help="write out what an operator needs: a unit for systemd, alert rules, documents",
        description="Write out files that came with this installation. The unit of systemd gets "
        "the place of this installation.",
    )
    handout.add_options(deploy)
    deploy.set_defaults(run=handout.write_out)


def _bench(chosen: argparse.Namespace) -> int:
    from ruggine.bench import running

    sys.stdout.write(f"{running.run(chosen)}\n")
    return 0


def _doctor(chosen: argparse.Namespace) -> int:
    from ruggine import config
    from ruggine.doctor.examine import examine

    given = {option.name: getattr(chosen, option.field) for option in config.OPTIONS}
    return examine(
        given, messages=chosen.delivery, own_daemon=chosen.own_daemon, as_json=chosen.json
    )


def _messages(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("give a whole number from 1 to 1000000")
    return int(text)
