"""One round of an experiment: daemons, people, a seeded schedule of faults, and the verdict."""

from __future__ import annotations

import sqlite3
import statistics
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.task import deferLater

from ruggine.delivery import checker
from ruggine.delivery.audit import faults_in, read_log
from ruggine.delivery.history import Stored
from ruggine.delivery.house import Node
from ruggine.delivery.trial import Size, Trial

Progress = Callable[[float], None]


@dataclass
class Verdict:
    """What became of a round, or of several."""

    counts: Counter[str] = field(default_factory=Counter)
    schedule: list[list[Any]] = field(default_factory=list)
    violations: list[dict[str, str]] = field(default_factory=list)
    latest_s: float = 0.0
    p99_ms: float = 0.0

    def add(self, other: Verdict) -> None:
        self.counts += other.counts
        self.schedule += other.schedule
        self.violations += other.violations
        self.latest_s = max(self.latest_s, other.latest_s)
        self.p99_ms = max(self.p99_ms, other.p99_ms)


class Stage:
    """`count` faults are to be played; `random`, which is seeded, decides when and which."""

    def __init__(
        self,
        reactor: Any,
        folder: Path,
        seed: int,
        count: int,
        progress: Progress = lambda done: None,
        sabotage: str = "",
    ) -> None:
        self.reactor = reactor
        self.folder = folder
        self.seed = seed
        self.count = count
        self.random = Random(f"{seed} faults")
        self.database = folder / "data" / "ruggine.db"
        self.nodes: list[Node] = []
        self.trial: Trial
        self.verdict = Verdict()
        self._progress = progress
        self._sabotage = sabotage

    async def open(
        self, nodes: int = 1, size: Size | None = None, program: list[str] | None = None,
        sockets: Callable[[], list[tuple[str, int]]] | None = None, **options: str,
    ) -> None:  # fmt: skip
        """Start the daemons, and let people arrive and begin to talk."""
        if self._sabotage:
            program = [sys.executable, "-m", "tests.faults.saboteur", self._sabotage]
        options.setdefault("database", f"sqlite:{self.database}")
        options = {name.replace("_", "-"): value for name, value in options.items()}
        for _ in range(nodes):
            node = Node(self.reactor, self.folder, options, program)
            await node.start()
            self.nodes.append(node)
        self.trial = Trial(
            self.reactor,
            lambda: self.nodes[0].tcp,
            sockets or (lambda: [node.websocket for node in self.nodes]),
            size or Size(),
            self.seed,
        )
        await self.trial.prepare()
        self.trial.talk()

    async def after(self, least: int = 1, most: int = 200) -> None:
        """A random moment: so many acknowledgements from now, and some milliseconds."""
        wanted, pause_s = self.random.randint(least, most), self.random.random() * 0.03
        await self.trial.said(self.trial.acknowledged + wanted)
        await deferLater(self.reactor, pause_s)

    async def wait(self, seconds: float) -> None:
        await deferLater(self.reactor, seconds)

    def note(self, fault: str, *details: Any) -> None:
        """Before each fault that is played."""
        self.verdict.schedule.append([fault, *details])
        self.verdict.counts[f"fault: {fault}"] += 1
        self._progress(len(self.verdict.schedule) / max(1, self.count))

    def something_is_lost(self) -> bool:
        """Whether what was acknowledged by now is not in the database."""
        log = log_or_nothing(self.database, [person.name for person in self.trial.people])
        return any(v.name == "lost" for v in checker.check(self.trial.history, log))

    def expect(self, true: bool, what: str) -> None:
        """What an experiment itself promises, besides delivery."""
        if not true:
            self.verdict.violations.append({"name": "expectation", "text": what})

    async def close(self, late_after_s: float = 0, *, settle: bool = True) -> Verdict:
        """Everybody comes back once more; then the checker has the word."""
        trial = self.trial
        if settle:
            await trial.settle()
        log = log_or_nothing(self.database, [person.name for person in trial.people])
        self._judge(checker.check(trial.history, log, late_after_s))
        for fault in damage_of(self.database):
            self.verdict.violations.append({"name": "damaged", "text": fault})
        counts = self.verdict.counts
        counts.update(trial.history.count())
        counts["Stored"] = len(log)
        self._measure()
        if self.verdict.violations:
            trial.history.write(self.folder / "history.jsonl", log)
        trial.leave()
        for node in self.nodes:
            self.expect(await node.stop() == 0, f"{node.log} ended with status 0")
        return self.verdict

    def _judge(self, violations: list[checker.Violation]) -> None:
        for violation in violations[:100]:
            self.verdict.violations.append({"name": violation.name, "text": violation.text})
        self.verdict.counts["Violations"] += len(violations)

    def _measure(self) -> None:
        delays = checker.delays(self.trial.history)
        if len(delays) > 100:
            self.verdict.p99_ms = round(statistics.quantiles(delays, n=100)[98] * 1000, 1)
            self.verdict.latest_s = round(max(delays), 3)


def log_or_nothing(database: Path, users: list[str]) -> list[Stored]:
    """As `read_log`; a power cut that took the tables, or the file, left nothing in them."""
    try:
        return read_log(database, users)
    except sqlite3.DatabaseError:
        return []


def damage_of(database: Path) -> list[str]:
    """As `faults_in`; a file that SQLite cannot even open is the worst of them."""
    try:
        return faults_in(database)
    except sqlite3.DatabaseError as error:
        return [str(error)]
