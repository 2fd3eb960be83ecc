"""The experiments: what is done to the daemons while people talk, and what must hold besides.

Each plays `stage.count` faults; an experiment that a machine cannot have says why in NEEDS.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from ruggine.bench.sockets import LoadSocket
from ruggine.delivery.history import Restored
from ruggine.delivery.line import ask
from ruggine.delivery.trial import Size
from tests import needs
from tests.faults.disks import ForgetfulDisk, SmallDisk, why_not
from tests.faults.proxy import Proxy
from tests.faults.stage import Stage, Verdict
from tests.patience import stretched
from tests.redis import Redis
from tests.test_clock import TWISTD_WITH_A_CLOCK_TO_SET, YEAR_S

Experiment = Callable[[Stage], Awaitable[Verdict]]

EXPERIMENTS: dict[str, Experiment] = {}
NEEDS: dict[str, Callable[[], str]] = {}

LATE_S = 3.0
"""How late an entry may be while Redis is away."""

DRAINED_S = 10.0

CROWD = 1000

LEFT_ON_A_FULL_DISK = 20
"""Messages for which the pages that are there already may have room: a smaller batch may fit where
a larger one did not."""


SLOW_READERS_MB = 64
"""What the daemon may take for those who do not read: each may have 1 MiB waiting."""


def experiment(
    needs: Callable[[], str] = lambda: "",
) -> Callable[[Experiment], Experiment]:
    def add(made: Experiment) -> Experiment:
        name = getattr(made, "__name__", "").replace("_", "-")
        EXPERIMENTS[name], NEEDS[name] = made, needs
        return made

    return add


def _no_strace() -> str:
    return needs.why_without("strace")


@experiment()
async def kill(stage: Stage) -> Verdict:
    """kill -9 at random moments; at most 2 s later it is there again."""
    await stage.open(size=Size(window=8))
    for number in range(stage.count):
        await stage.after(50, 1000 if stage.count >= 100 else 200)
        stage.note("kill")
        await stage.nodes[0].kill()
        begun = stage.reactor.seconds()
        await stage.nodes[0].start()
        took = stage.reactor.seconds() - begun
        stage.expect(took < stretched(5), f"it was back after {took:.1f} s")
        if number % 5 == 0:
            await stage.trial.change_members()
        if number % 5 == 2:
            await stage.trial.change_sessions()
    return await stage.close()


async def _on_a_forgetful_disk(stage: Stage, durability: str) -> Verdict:
    disk = ForgetfulDisk(stage.folder)
    stage.database = disk.path / "ruggine.db"
    try:
        await stage.open(database=f"sqlite:{stage.database}", durability=durability)
        for _ in range(stage.count):
            await _cut_power(stage, disk)
            if stage.something_is_lost():  # accounts may be too: nobody could come back
                return await stage.close(settle=False)
        return await stage.close()
    finally:
        for node in stage.nodes:
            await node.kill()
        disk.close()


async def _cut_power(stage: Stage, disk: ForgetfulDisk) -> None:
    await stage.after(50, 400)
    stage.note("power cut")
    [node] = stage.nodes
    node.pause()
    disk.copy()
    await node.kill()
    disk.come_back()
    await node.start()


@experiment(needs=why_not)
async def power_cut(stage: Stage) -> Verdict:
    """The disk keeps only what it was told to keep."""
    return await _on_a_forgetful_disk(stage, "full")


@experiment(needs=why_not)
async def power_cut_relaxed(stage: Stage) -> Verdict:
    """The canary: without a flush for each commit, the same cut must lose something."""
    return await _on_a_forgetful_disk(stage, "relaxed")


@experiment(needs=why_not)
async def disk_full(stage: Stage) -> Verdict:
    """Next to nothing fits in, what there is can be read, and it goes on when there is room."""
    disk = SmallDisk(stage.folder / "small", kib=16 << 10)
    stage.database = disk.path / "ruggine.db"
    try:
        await stage.open(size=Size(window=2), database=f"sqlite:{stage.database}")
        for _ in range(stage.count):
            await stage.after(50, 200)
            stage.note("disk full")
            disk.fill()
            await _until_refused(stage)
            before = stage.trial.acknowledged
            await stage.wait(0.5)
            stage.expect(await _can_read(stage), "a history can be read while the disk is full")
            fitted = stage.trial.acknowledged - before
            stage.expect(fitted <= LEFT_ON_A_FULL_DISK, f"{fitted} are acknowledged meanwhile")
            disk.empty()
            await stage.after(1, 20)
        return await stage.close()
    finally:
        disk.close()


async def _until_refused(stage: Stage) -> None:
    """Until the last that still fitted in is acknowledged, and the next are refused."""
    refused = stage.trial.resent
    for _ in range(500):
        if stage.trial.resent > refused + 20:
            return
        await stage.wait(0.02)
    stage.expect(False, "a full disk is noticed")


async def _can_read(stage: Stage) -> bool:
    trial, [node, *_] = stage.trial, stage.nodes
    command = f"/get_group_messages {trial.people[0].token} {trial.groups[0]} limit=1"
    return (await ask(stage.reactor, node.tcp, command)).startswith("OK")


@experiment(needs=_no_strace)
async def failed_fsync(stage: Stage) -> Verdict:
    """The process ends with status 74 rather than acknowledge; its successor has everything."""
    await stage.open(size=Size(window=2))
    [node] = stage.nodes
    for _ in range(stage.count):
        await stage.after(1, 50)
        await node.kill()
        nth = stage.random.randint(10, 200)
        stage.note("failed fsync", nth)
        inject = f"inject=fsync,fdatasync:error=EIO:when={nth}+"
        await node.start(["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject])
        status = await node.ended()
        stage.expect(status == 74, f"it ended with status {status}")
        await node.start()
    return await stage.close()


@experiment()
async def restore(stage: Stage) -> Verdict:
    """A backup takes the database's place, as docs/operating.md says and in the other orders in
    which people do it. Everybody is told, whenever it was made."""
    await stage.open(size=Size(window=2))
    [node] = stage.nodes
    for number in range(stage.count):
        await stage.after(1, 100)
        how = ("stopped", "killed", "under it", "snapshot")[number % 4]
        restarts = stage.random.randint(0, 2) if number else 0
        stage.note(f"restore, {how}", restarts)
        since_s = stage.reactor.seconds()
        await _back_up(stage, how)
        for _ in range(restarts):
            await stage.after(0, 30)
            await (node.stop() if stage.random.random() < 0.5 else node.kill())
            await node.start()
        await stage.after(1, 60)
        await _restore(stage, how)
        stage.trial.history.add(Restored(stage.reactor.seconds(), since_s))
        await node.start()
        await stage.after(1, 150)
        if stage.random.random() < 0.5:
            await node.kill()
            await node.start()
    return await stage.close()


async def _back_up(stage: Stage, how: str) -> None:
    backup = fresh(stage.folder / "backup") / "ruggine.db"
    if how != "snapshot":
        source, target = sqlite3.connect(stage.database), sqlite3.connect(backup)
        with contextlib.closing(source), contextlib.closing(target):
            source.backup(target)
        return
    [node] = stage.nodes
    await node.kill()
    for file in stage.database.parent.glob("ruggine.db*"):
        shutil.copy(file, backup.parent)
    await node.start()


async def _restore(stage: Stage, how: str) -> None:
    """When this returns the daemon has ended and the backup is in place."""
    [node] = stage.nodes
    backup = stage.folder / "backup"
    if how == "under it":
        (backup / "ruggine.db").rename(stage.database)
        status = await node.ended()
        stage.expect(status == 74, f"it ended with status {status}")
    else:
        await (node.kill() if how == "killed" else node.stop())
    for name in ("ruggine.db-wal", "ruggine.db-shm"):
        stage.database.with_name(name).unlink(missing_ok=True)
    for file in backup.glob("ruggine.db*"):
        shutil.move(file, stage.database.with_name(file.name))
    if how == "snapshot":
        stage.database.with_name("ruggine.db.lock").unlink()


@experiment()
async def locked(stage: Stage) -> Verdict:
    """Another program holds the database: sends wait, or are put off; reads go on."""
    await stage.open(size=Size(window=2))
    for number in range(stage.count):
        await stage.after(10, 100)
        seconds = 2 if number % 2 == 0 else 7
        stage.note("locked", seconds)
        other = sqlite3.connect(stage.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused = stage.trial.history.count()["Refused"]
        await stage.wait(seconds / 2)
        stage.expect(await _can_read(stage), "a history can be read while it is locked")
        await stage.wait(seconds / 2)
        other.execute("ROLLBACK")
        other.close()
        put_off = stage.trial.history.count()["Refused"] > refused
        stage.expect(put_off == (seconds > 5), f"after {seconds} s sends were put off: {put_off}")
        await stage.after(1, 20)
    return await stage.close()


@experiment()
async def drain(stage: Stage) -> Verdict:
    """SIGTERM in the middle of sends: each is acknowledged or refused, and the status is 0."""
    await stage.open(size=Size(people=12, window=8))
    for _ in range(stage.count):
        await stage.after(50, 300)
        stage.note("drain")
        await _stop_politely(stage)
        await stage.nodes[0].start()
        await stage.after(1, 20)
    return await stage.close()


async def _stop_politely(stage: Stage) -> None:
    """With status 0, in time, and nobody is left without an answer."""
    history = stage.trial.history
    unanswered = history.count()["Unanswered"]
    begun = stage.reactor.seconds()
    status = await stage.nodes[0].stop()
    took_s = stage.reactor.seconds() - begun
    await stage.wait(0.2)  # until every device has seen that its connection is gone
    left = history.count()["Unanswered"] - unanswered
    stage.expect(status == 0, f"it ended with status {status}")
    stage.expect(took_s < DRAINED_S, f"it took {took_s:.1f} s")
    stage.expect(not left, f"{left} sends were left without an answer")
    stage.verdict.counts["ms to stop"] += int(took_s * 1000)


@experiment()
async def sessions(stage: Stage) -> Verdict:
    """People's sessions are ended while they talk; a second later nothing comes there any more."""
    await stage.open()
    for _ in range(stage.count):
        await stage.after(20, 100)
        stage.note("session ended")
        await stage.trial.change_sessions()
        await stage.wait(1.5)
    return await stage.close()


@experiment()
async def members(stage: Stage) -> Verdict:
    """People leave groups and come back: nobody hears what was said in between."""
    await stage.open()
    for _ in range(stage.count):
        await stage.after(20, 100)
        stage.note("member left")
        await stage.trial.change_members()
    return await stage.close()


@experiment()
async def network(stage: Stage) -> Verdict:
    """Connections are cut, half-open, throttled, split byte by byte, and not read from."""
    proxies: list[Proxy] = []

    def sockets() -> list[tuple[str, int]]:
        if not proxies:
            proxies.append(Proxy(stage.reactor, stage.nodes[0].websocket))
        return [proxies[0].address]

    await stage.open(sockets=sockets)
    for _ in range(stage.count):
        await stage.after(20, 100)
        fault = stage.random.choice(("cut", "half-open", "throttled", "split", "slow reader"))
        stage.note(fault)
        pairs = proxies[0].ordered()
        chosen = stage.random.sample(pairs, min(3, len(pairs)))
        if fault == "slow reader":
            for device in stage.random.sample(stage.trial.devices, 3):
                device.read_slowly(stage.random.uniform(0.2, 2))
        for pair in chosen if fault != "slow reader" else ():
            if fault == "cut":
                pair.cut()
            elif fault == "half-open":
                pair.stall(stage.random.uniform(0.5, 2))
            else:
                pair.let(fault)
    for pair in proxies[0].ordered():
        pair.let("whole")
    return await stage.close()


@experiment()
async def slow_readers(stage: Stage) -> Verdict:
    """Half of the devices stop reading in a flood: they are closed with 4003, the daemon keeps
    little for them, and the log has the rest."""
    await stage.open(size=Size(people=8, devices=2, window=8, padding=4000))
    [node] = stage.nodes
    await stage.after(100, 100)
    before_mb = most_mb = node.memory_mb()
    for _ in range(stage.count):
        stage.note("slow readers")
        # Who has been closed must read all that is on the way within CLOSE_GRACE_S to hear why: not
        # all at once, and for some it is the right moment on any machine.
        for seconds, person in enumerate(stage.trial.people, 4):
            person.devices[1].read_slowly(seconds)
        for _ in range(16):
            await stage.after(100, 100)
            await stage.wait(0.2)
            most_mb = max(most_mb, node.memory_mb())
    grown_mb = most_mb - before_mb
    stage.expect(grown_mb < SLOW_READERS_MB, f"the daemon grew by {grown_mb:.0f} MB")
    verdict = await stage.close()
    closings = Counter[int]()
    for device in stage.trial.devices:
        closings.update(device.closed)
    closed = closings[4003]
    stage.expect(closed >= stage.count, f"{closed} were closed with 4003; of all: {closings}")
    verdict.counts["closed with 4003"] = closed
    verdict.counts["MB grown"] = max(0, round(grown_mb))
    return verdict


@experiment()
async def crowd(stage: Stage) -> Verdict:
    """SIGTERM while a thousand more are connected: each is told, and the status is 0."""
    limits = ("per_user", "per_address")
    many = {f"max_connections_{limit}": str(CROWD + 100) for limit in limits}
    await stage.open(size=Size(people=12, window=8), max_strangers_per_address=str(CROWD), **many)
    [node] = stage.nodes
    for _ in range(stage.count):
        token = stage.trial.people[0].token
        others = [LoadSocket(node.websocket, token) for _ in range(CROWD)]
        await stage.after(50, 300)
        stage.note("crowd")
        await _stop_politely(stage)
        told = sum(_closed_with_1001(other) for other in others)
        stage.expect(told == CROWD, f"{told} of {CROWD} were told why")
        await node.start()
        await stage.after(1, 20)
    return await stage.close()


def _closed_with_1001(other: LoadSocket) -> bool:
    """Whether all that the daemon has sent ends with the close frame for shutting down."""
    data = b""
    other.socket.settimeout(5)
    with contextlib.suppress(ConnectionResetError):
        while more := other.socket.recv(1 << 18):
            data += more
    other.close()
    return b"server_shutdown" in data and (1001).to_bytes(2, "big") in data[-125:]


async def _redis(stage: Stage, nodes: int) -> Verdict:
    redis = Redis(stage.folder).start()
    try:
        await stage.open(nodes=nodes, redis=redis.url)
        await stage.wait(1.5)
        for _ in range(stage.count):
            await stage.after(50, 200)
            fault = stage.random.choice(("frozen", "killed", "flapping", "flushed", "cut off"))
            seconds = stage.random.uniform(1, 6)
            stage.note(f"redis {fault}", round(seconds, 1))
            await _break(stage, redis, fault, seconds)
            await stage.wait(stage.random.uniform(0.5, 3))
        return await stage.close(late_after_s=LATE_S)
    finally:
        redis.stop()


async def _break(stage: Stage, redis: Redis, fault: str, seconds: float) -> None:
    if fault == "frozen":
        redis.freeze()
        await stage.wait(seconds)
        redis.thaw()
    elif fault == "killed":
        redis.stop()
        await stage.wait(seconds)
        redis.start()
    elif fault == "flapping":
        for _ in range(3):
            redis.stop()
            await stage.wait(0.3)
            redis.start()
            await stage.wait(0.7)
    elif fault == "flushed":
        redis.ask("FLUSHALL")
    else:
        for _ in range(5):
            redis.ask("CLIENT", "KILL", "TYPE", stage.random.choice(("normal", "pubsub")))
            await stage.wait(0.2)


@experiment()
async def redis_two_nodes(stage: Stage) -> Verdict:
    """Redis stands still, dies, flaps, forgets: entries are at most 3 s late, none twice."""
    return await _redis(stage, 2)


@experiment()
async def redis_three_nodes(stage: Stage) -> Verdict:
    return await _redis(stage, 3)


@experiment()
async def nodes_killed(stage: Stage) -> Verdict:
    """One of two nodes dies and comes back, again and again; people wander to the other."""
    redis = Redis(stage.folder).start()
    try:
        await stage.open(nodes=2, redis=redis.url)
        for number in range(stage.count):
            await stage.after(50, 300)
            node = stage.nodes[stage.random.randrange(2)]
            how = "kill" if number % 2 else "drain"
            stage.note(f"node {how}", stage.nodes.index(node))
            await (node.kill() if how == "kill" else node.stop())
            await stage.wait(stage.random.uniform(0, 1))
            await node.start()
        return await stage.close()
    finally:
        redis.stop()


@experiment()
async def clock(stage: Stage) -> Verdict:
    """The wall clock is set, back and forth."""
    ahead = stage.folder / "ahead"

    def set_ahead(seconds: float) -> None:
        ahead.with_suffix(".new").write_text(str(seconds), "utf-8")
        ahead.with_suffix(".new").rename(ahead)

    set_ahead(0)
    code = TWISTD_WITH_A_CLOCK_TO_SET.replace('os.environ["SET_AHEAD"]', repr(str(ahead)))
    await stage.open(program=[sys.executable, "-c", code])
    lost = stage.trial.history.count()["Unanswered"]
    for _ in range(stage.count):
        await stage.after(20, 100)
        seconds = stage.random.choice((3600, -3600, 10 * YEAR_S, -50 * YEAR_S, 1, -1))
        stage.note("clock", seconds)
        set_ahead(seconds)
        await stage.wait(0.3)
    stage.expect(
        stage.trial.history.count()["Unanswered"] == lost, "nobody lost a connection over it"
    )
    return await stage.close()


def fresh(folder: Path) -> Path:
    """An empty folder for one round."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
