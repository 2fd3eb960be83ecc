"""`./dev conformance`: cases 1 to 7 and 10 of the Autobahn testsuite (framing, pings, reserved
bits, opcodes, fragments, UTF-8, closing) against the WebSocket port's own connections.

The suite runs on Python 2.7 only; without one this says so and ends with status 2. It is installed
into a folder in the user's cache, and never beside the product.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from ruggine import terminal

SUITE = "autobahntestsuite==25.10.1"
CASES = [f"{chapter}.*" for chapter in (1, 2, 3, 4, 5, 6, 7, 10)]
GOOD = ("OK", "INFORMATIONAL")
HOME = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ruggine" / "conformance"


@terminal.output()
def main() -> None:
    parser = argparse.ArgumentParser(
        prog="./dev conformance", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--python2", default="python2.7", metavar="PATH", help="[%(default)s]")
    options = parser.parse_args()
    tester = _installed(options.python2)
    with tempfile.TemporaryDirectory() as folder, _echo() as port:
        results = _run(tester, Path(folder), port)
    sys.exit(_report(results))


def _installed(python2: str) -> Path:
    """The suite's program, installed the first time."""
    tester = HOME / "suite" / "bin" / "wstest"
    if tester.exists():
        return tester
    found = shutil.which(python2)
    if found is None or subprocess.run([found, "-c", ""], capture_output=True).returncode:
        print(f"conformance: not run. The suite needs Python 2.7, and {python2} does not run here.")
        print("Give one with --python2 PATH.")
        sys.exit(2)
    print(f"Installing {SUITE} into {HOME}; this takes a minute.", flush=True)
    maker = HOME / "maker"
    _do(sys.executable, "-m", "venv", str(maker))
    # The last one that makes environments for Python 2.7.
    _do(str(maker / "bin" / "pip"), "install", "--quiet", "virtualenv<20.22")
    _do(str(maker / "bin" / "virtualenv"), "--quiet", "-p", found, str(HOME / "suite"))
    _do(str(HOME / "suite" / "bin" / "pip"), "install", "--quiet", SUITE)
    return tester


def _do(*command: str) -> None:
    if subprocess.run(command).returncode:
        sys.exit(f"conformance: could not install the suite ({command[0]}).")


@contextlib.contextmanager
def _echo() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "tests.conformance.echo", str(port)])
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    sys.exit("conformance: the echo server does not start.")


def _run(tester: Path, folder: Path, port: int) -> dict[str, dict[str, str]]:
    """What the suite says of each case."""
    (folder / "spec.json").write_text(
        json.dumps(
            {
                "outdir": str(folder / "reports"),
                "servers": [{"agent": "ruggine", "url": f"ws://127.0.0.1:{port}"}],
                "cases": CASES,
                "exclude-cases": [],
                "exclude-agent-cases": {},
            }
        ),
        "utf-8",
    )
    command = [str(tester), "-m", "fuzzingclient", "-s", str(folder / "spec.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as suite:
        assert suite.stdout is not None
        lines = (line for line in suite.stdout if line.startswith("Running test case"))
        for _ in tqdm(lines, desc="cases", unit="case"):
            pass
    if suite.returncode:
        sys.exit("conformance: the suite did not come to its end.")
    index = json.loads((folder / "reports" / "index.json").read_text("utf-8"))
    results: dict[str, dict[str, str]] = index["ruggine"]
    return results


def _report(results: dict[str, dict[str, str]]) -> int:
    """The exit status."""
    verdicts = collections.Counter(result["behavior"] for result in results.values())
    closes = collections.Counter(result["behaviorClose"] for result in results.values())
    print(f"{len(results)} cases: {_counted(verdicts)}; closing: {_counted(closes)}")
    bad = {
        case: result
        for case, result in results.items()
        if result["behavior"] not in GOOD or result["behaviorClose"] not in GOOD
    }
    for case, result in sorted(bad.items()):
        print(f"  {case}: {result['behavior']}, closing {result['behaviorClose']}")
    return 1 if bad or not results else 0


def _counted(verdicts: collections.Counter[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())


if __name__ == "__main__":
    main()
