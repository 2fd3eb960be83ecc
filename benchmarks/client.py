"""`./dev bench client`: what the desktop client takes, with 200 chats and 50 000 cached messages.

Each round is a program of its own, started offline from a profile on the disk, under an Xvfb where
there is one. Figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from tqdm import tqdm

from client_tk import secret
from client_tk.model import ChatKey, Row, Server
from client_tk.reports import Closed, Heard, Opened
from client_tk.settings import Profile, Settings
from client_tk.store import Store
from ruggine import terminal
from ruggine.wire.frames import AuthResponse, IncomingMessage, Limits

CHATS, EACH = 200, 250
BURST = 2000
BURST_AT_MOST_S = 60.0
IDLE_S = 5.0
EPOCH = "e"
SERVER = Server("127.0.0.1", 1, 1)  # where nobody listens
BUDGETS = {
    "MB resident after the start": 50,
    "MB resident after all of it": 50,
    "s from the start to the painted transcript": 0.6,
    "ms to switch chats": 50,
    "ms for a page of history": 30,
    "% of a core when idle": 1,
    "ms the window stood still in a burst of 2000": 100,
}


@terminal.output()
def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench client", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="[3]")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        print(json.dumps(measure(options.child)))
        return
    with tempfile.TemporaryDirectory() as name, display():
        fill(Path(name))
        rounds = [start(Path(name)) for _ in tqdm(range(options.rounds), unit="round")]
    figures = {what: statistics.median(r[what] for r in rounds) for what in rounds[0]}
    print(json.dumps(figures, indent=2) if options.json else report(figures))


def report(figures: dict[str, float]) -> str:
    lines = ["| what | measured | budget |", "|---|---|---|"]
    for what, figure in figures.items():
        budget = f"{BUDGETS[what]:g}" if what in BUDGETS else "–"
        lines.append(f"| {what} | {figure:.3g} | {budget} |")
    return "\n".join(lines)


def fill(folder: Path) -> None:
    """A profile of somebody with much to read."""
    profile = Profile("bench", folder=folder)
    settings = Settings(theme="light", notifications=False)
    settings.remember(SERVER, "dory", stay=True)
    profile.save(settings)
    secret.write_file(profile.token_path(SERVER, "dory"), "rg1_bench")
    store = Store(profile.store_path(SERVER, "dory"))
    for number in tqdm(range(CHATS), unit="chat", desc="filling"):
        with store.writing():
            chat = store.add_chat(ChatKey("private", f"person{number:03}"), f"person{number:03}")
            store.put(chat.id, (_row(seq, chat.title) for seq in range(1, EACH + 1)))
            chat.public_id = chat.title
            chat.cursor = chat.read_seq = chat.counted = EACH
            chat.time_s, chat.preview = 1_790_000_000.0 - number, "how about lunch?"
            store.save_chat(chat)
    store.set_meta("selected", json.dumps(["private", "person000"]))
    store.set_meta("epoch", EPOCH)
    store.close()


def _row(seq: int, other: str) -> Row:
    return Row(
        seq=seq,
        sender=other if seq % 3 else "dory",
        content=f"Message {seq}: the quick brown fox jumps over the lazy dog, and comes back. "
        * (1 + seq % 2),
        time_s=1_790_000_000.0 + 60 * seq,
    )


@contextlib.contextmanager
def display() -> Iterator[None]:
    if not shutil.which("Xvfb"):
        yield
        return
    with subprocess.Popen(
        ["Xvfb", ":96", "-screen", "0", "1280x900x24"], stderr=subprocess.DEVNULL
    ) as server:
        os.environ["DISPLAY"] = ":96"
        try:
            time.sleep(1)
            yield
        finally:
            server.terminate()


def start(filled: Path) -> dict[str, float]:
    """One round, on a copy; the clock starts before the program does."""
    folder = filled.with_name(filled.name + "-round")
    shutil.copytree(filled, folder)
    try:
        return _start(folder)
    finally:
        shutil.rmtree(folder)


def _start(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.client", "--child", str(folder)]
    begun = str(time.monotonic())
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "BEGUN_S": begun},
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


# In the child


def measure(folder: Path) -> dict[str, float]:
    from client_tk.app import App

    app = App(Profile("bench", folder=folder))
    app.tk.update()
    painted_s = time.monotonic() - float(os.environ["BEGUN_S"])
    window: Any = app.root._view
    assert "Message 250" in window.transcript.text.get("1.0", "end")
    after_start = memory_mb()
    switches = [_timed(app, lambda n=n: app.root.visit(_key(n))) for n in range(1, 41)]
    app.root.visit(_key(0))
    app.tk.update()
    pages = [_timed(app, window.older) for _ in range(1)]
    for n in range(41, 60):
        app.root.visit(_key(n))
        app.tk.update()
        pages.append(_timed(app, window.older))
    stood_still_ms = burst(app)
    idle = idle_share(app)
    figures = {
        "MB resident after the start": after_start,
        "MB resident after all of it": memory_mb(),
        "s from the start to the painted transcript": painted_s,
        "ms to switch chats": statistics.median(switches),
        "ms to switch chats, the longest": max(switches),
        "ms for a page of history": statistics.median(pages),
        "% of a core when idle": idle,
        "ms the window stood still in a burst of 2000": stood_still_ms,
    }
    app.quit()
    return figures


def _key(number: int) -> ChatKey:
    return ChatKey("private", f"person{number:03}")


def _timed(app: Any, act: Any) -> float:
    """Milliseconds until it is painted."""
    begun_s = time.perf_counter()
    act()
    app.tk.update()
    return (time.perf_counter() - begun_s) * 1000


def burst(app: Any) -> float:
    """The longest time between two turns of Tk while the network thread brings 2000 messages."""
    app.root.visit(_key(0))
    app.tk.update()
    turns = [time.perf_counter()]

    def turn() -> None:
        turns.append(time.perf_counter())
        if app.state.chat(_key(0)).cursor < EACH + BURST:
            app.tk.after(1, turn)

    app._pump.report(Opened(_welcome()))
    turn()
    sender = threading.Thread(target=_send_burst, args=(app,))
    sender.start()
    until_s = time.monotonic() + BURST_AT_MOST_S
    while app.state.chat(_key(0)).cursor < EACH + BURST:
        app.tk.update()
        time.sleep(0.0002)
        assert time.monotonic() < until_s, "the burst does not arrive"
    sender.join()
    app._pump.report(Closed(1006))
    app.tk.update()
    return max(later - earlier for earlier, later in pairwise(turns)) * 1000


def _welcome() -> AuthResponse:
    """As if a daemon was there."""
    return AuthResponse(
        success=True, user_id="dory", username="dory", error=None, epoch=EPOCH, resume="none",
        server_time=1_790_100_000.0, protocol=1, limits=Limits(8000, 65_536),
    )  # fmt: skip


def _send_burst(app: Any) -> None:
    for number in range(1, BURST + 1):
        seq = EACH + number
        frame = IncomingMessage(
            chat_type="private", chat_id="person000", sender="person000", sender_id="person000",
            to_user="dory", to_user_id="dory", seq=seq,
            content=f"Message {seq}: here I am again.", timestamp=1_790_100_000.0 + number,
        )  # fmt: skip
        app._pump.report(Heard(frame))


def idle_share(app: Any) -> float:
    """Per cent of one core, over some seconds in which nothing happens but what the client does by
    itself: offline, it also tries to reconnect."""
    until_s, before_s = time.monotonic() + IDLE_S, time.process_time()
    app.tk.after(int(IDLE_S * 1000), app.tk.quit)
    app.tk.mainloop()
    elapsed_s = time.monotonic() - until_s + IDLE_S
    return (time.process_time() - before_s) / elapsed_s * 100


def memory_mb() -> float:
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
