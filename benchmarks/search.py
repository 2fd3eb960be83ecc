"""`./dev bench-search`: how long a search takes among many messages, and what its index costs."""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.server import own_server
from ruggine import terminal
from ruggine.bench.progress import Progress, progress_bar
from ruggine.bench.server import Server
from ruggine.bench.sockets import LoadSocket

_GROUPS = 20
_CHUNK = 20_000
_ASKED = 15
_RARE = ("zanzibar", "龍虎")
_QUERIES = {
    "a rare word": _RARE[0],
    "two Chinese characters": _RARE[1],
    "one Chinese character": _RARE[1][0],
    "a common word": "parola",
    "two letters": "er",
    "one letter": "e",
    "nothing there is": "questononesiste",
}


@terminal.output()
def main() -> None:
    """Fill a daemon's database, wait for its index, ask, and print."""
    options = _options()
    with progress_bar(quiet=False) as progress, own_server([], options.folder) as server:
        results = measure(server, options.messages, progress)
    print(json.dumps(results, indent=2, ensure_ascii=False))


def measure(server: Server, count: int, progress: Progress) -> dict[str, Any]:
    """All that is measured, as plain values; times in milliseconds."""
    assert server.database is not None
    [(_, token)] = server.people.first(1)
    asker = LoadSocket(server.websocket, token)
    for number in range(_GROUPS):
        asker.send({"message_type": "create_group", "name": f"g{number}"})
        _reply(asker, "create_group_result")
    asker.close()
    database = sqlite3.connect(server.database, timeout=60, isolation_level=None)
    _fill(database, count, progress)
    while left := database.execute("SELECT SUM(last_seq - indexed_seq) FROM chats").fetchone()[0]:
        progress("waiting for the index", 1 - left / count)
        time.sleep(0.2)
    asker = LoadSocket(server.websocket, token)
    results: dict[str, Any] = {
        "messages": count,
        "groups": _GROUPS,
        "database_mb": round(_size_mb(database, server.database), 1),
        "index_mb": round(_index_mb(database), 1),
    }
    for number, (what, query) in enumerate(_QUERIES.items()):
        progress(f"looking for {what}", number / len(_QUERIES))
        times = [_ask(asker, query) for _ in range(_ASKED)]
        results[what] = {"first": times[0], "median": statistics.median(times), "most": max(times)}
    return results | {"memory_mb": server.memory_mb()}


def _ask(asker: LoadSocket, query: str) -> float:
    """Milliseconds until the first page is here."""
    began = time.perf_counter()
    asker.send({"message_type": "search", "query": query})
    _reply(asker, "search_result")
    return round((time.perf_counter() - began) * 1000, 1)


def _reply(asker: LoadSocket, message_type: str) -> None:
    while True:
        for frame in asker.receive():
            if frame.message_type == message_type:
                return
            if frame.message_type == "error":
                raise SystemExit(f"bench: the daemon answers {frame.error}")


def _fill(database: sqlite3.Connection, count: int, progress: Progress) -> None:
    """Messages of words by Zipf's law, half of them in one group, the rare words in the middle."""
    chats = [row[0] for row in database.execute("SELECT id FROM chats")]
    seqs = dict.fromkeys(chats, 1)
    owner = database.execute("SELECT number FROM users").fetchone()[0]
    now_ms = int(time.time() * 1000)
    chance = random.Random(7)
    rows = []
    for number, content in enumerate(_texts(chance, count)):
        chat_id = chats[0] if chance.random() < 0.5 else chance.choice(chats)
        seqs[chat_id] += 1
        rows.append((chat_id, seqs[chat_id], "message", owner, content, now_ms - count + number))
        if len(rows) == _CHUNK or number == count - 1:
            _insert(database, rows, seqs)
            rows.clear()
            progress("storing messages", number / count)


def _texts(chance: random.Random, count: int) -> Iterator[str]:
    letters = "abcdefghilmnopqrstuvz"
    words = ["parola"] + [
        "".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(8000)
    ]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    for number in range(count):
        text = " ".join(chance.choices(words, weights, k=chance.randint(3, 9)))
        yield f"{text} {' '.join(_RARE)}" if number == count // 2 else text


def _insert(database: sqlite3.Connection, rows: list[Any], seqs: dict[int, int]) -> None:
    database.execute("BEGIN IMMEDIATE")
    database.executemany(
        "INSERT INTO entries (chat_id, seq, kind, sender, content, time_ms) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )
    database.executemany(
        "UPDATE chats SET last_seq = ? WHERE id = ?", [(seq, id_) for id_, seq in seqs.items()]
    )
    database.execute("COMMIT")


def _size_mb(database: sqlite3.Connection, path: Path) -> float:
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return os.path.getsize(path) / 1e6


def _index_mb(database: sqlite3.Connection) -> float:
    size = database.execute("SELECT SUM(LENGTH(block)) FROM search_index_data").fetchone()[0]
    return float(size) / 1e6


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench-search",
        description="Stores many messages in 20 groups of a daemon of its own, waits until they "
        "are in the search index, and prints how long the first page of a search takes.",
    )
    parser.add_argument("--messages", type=int, default=1_000_000, help="[1000000]")
    parser.add_argument("--folder", type=Path, help="where the daemon's database is put")
    return parser.parse_args()


if __name__ == "__main__":
    main()
