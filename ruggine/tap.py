"""The composition root: options, and the list of parts that make one daemon.

`twistd ruggine` comes here by the plugin in twisted/plugins. This is the only place that knows
every concrete class.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from twisted.application.internet import TimerService
from twisted.application.service import Service
from twisted.internet import reactor as default_reactor
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python import usage
from twisted.python.failure import Failure

from ruggine import __version__, clock, collector, config, errors, files, log, terminal
from ruggine.bus.local import LocalBus, LocalSessionCache
from ruggine.bus.redis import RedisBus
from ruggine.bus.signing import key_of
from ruggine.config import Config
from ruggine.daemon import Daemon, Port, Process
from ruggine.domain.accounts import Accounts
from ruggine.domain.directory import Directory
from ruggine.domain.friends import Friends
from ruggine.domain.groups import Groups
from ruggine.domain.hub import Hub
from ruggine.domain.limits import LoginFailures, RateLimits
from ruggine.domain.messages import Messages
from ruggine.domain.presence import TICK_S, Presence
from ruggine.domain.resume import Resume
from ruggine.domain.search import Search
from ruggine.domain.sessions import Sessions
from ruggine.errors import StartError
from ruggine.monitoring.lag import Lag
from ruggine.monitoring.metrics import Parts, make_registry
from ruggine.monitoring.page import page_files
from ruggine.monitoring.performance_log import EVERY_S, PerformanceLog
from ruggine.net.activity import Activity
from ruggine.net.addresses import Proxies
from ruggine.net.chat_factory import ChatSocketFactory
from ruggine.net.commands import (
    AccountCommands,
    Commands,
    FriendCommands,
    GroupCommands,
    MessageCommands,
    SearchCommands,
)
from ruggine.net.connections import Connections
from ruggine.net.door import Door
from ruggine.net.entrance import Entrance
from ruggine.net.framing import FramedEntry, FramedNotice
from ruggine.net.http import make_site
from ruggine.net.line_protocol import LineFactory
from ruggine.net.pace import Pace
from ruggine.passwords import Passwords
from ruggine.pid_file import PidFile
from ruggine.reconfiguration import Reconfiguration
from ruggine.signals import is_service
from ruggine.starter import Starter
from ruggine.storage.accounts import AccountStore
from ruggine.storage.chats import ChatStore
from ruggine.storage.database import FLUSH_S, WATCH_S, Database
from ruggine.storage.edits import EditStore
from ruggine.storage.friends import FriendStore
from ruggine.storage.groups import GroupStore
from ruggine.storage.indexer import Indexer
from ruggine.storage.message_log import MessageLog
from ruggine.storage.probe import Probe
from ruggine.storage.search import SearchStore
from ruggine.storage.sessions import SessionStore
from ruggine.storage.totals import read_totals

SWEEP_S = 60.0
HTTP = (b"http/1.1",)

_log = Logger(namespace="ruggine")


class Options(usage.Options):
    """The command line of `twistd ruggine`."""

    optParameters = [[option.name, None, None] for option in config.OPTIONS]  # noqa: RUF012
    config: Config
    pid_file: PidFile

    def __init__(self) -> None:
        terminal.forgive()
        super().__init__()

    def parseOptions(self, options: Any = None) -> None:
        """Twisted would print the whole help, and below it what is wrong."""
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise SystemExit(f"ruggine: {error}; twistd ruggine --help lists all options") from None

    def parseArgs(self, *arguments: str) -> None:
        if arguments:
            raise usage.UsageError(f"{arguments[0]} is not an option")

    @terminal.output()
    def opt_help(self) -> None:
        print(_help())  # noqa: T201 - asked for
        raise SystemExit(0)

    @terminal.output()
    def opt_version(self) -> None:
        print(f"Ruggine {__version__}")  # noqa: T201 - asked for
        raise SystemExit(0)

    def postOptions(self) -> None:
        """Read the configuration, and make way for twistd, which looks at its pid file next."""
        twistd: Mapping[str, Any] = self.parent or {}
        self.pid_file = PidFile(twistd.get("pidfile"))
        try:
            self.config = config.load(self)
            self.pid_file.make_way()
        except StartError as error:
            raise SystemExit(f"ruggine: {error}") from None


def _help() -> str:
    """Twisted's own has all options by the alphabet, and the ones that matter in between."""
    parser = argparse.ArgumentParser(
        usage="twistd -n ruggine [options]    in the foreground\n"
        "       twistd ruggine [options]       in the background; it logs into twistd.log",
        description="A self-hosted real-time chat. Everything has a default: `twistd -n ruggine` "
        "is enough.",
        epilog="Each option can also be given in the environment, as RUGGINE_ and its name in "
        "capitals with '_' for '-'. Put an address that holds a password there, for everybody can "
        "read the arguments of a program.",
        add_help=False,
    )
    parser.add_argument("--help", action="store_true", help="show this text and exit")
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    config.add_options(parser)
    return parser.format_help()


def makeService(options: Options) -> Service:
    """One daemon."""
    for name in config.unknown_variables():
        _log.warn("{name} in the environment is no option of Ruggine and is ignored", name=name)
    clock.keep_timers_steady(default_reactor)
    collector.hold_back()
    twistd: Mapping[str, Any] = options.parent or {}
    chosen = options.config
    output = None if twistd.get("syslog") else _open_output(twistd)
    process = Process(
        pid_file=options.pid_file,
        reloads=[("The log file", output.reopen)] if isinstance(output, log.LogFile) else [],
        starter=Starter(waits=bool(twistd.get("nodaemon"))),
        service=is_service(twistd),
    )
    level = log.Level(chosen.log_level)
    # twistd changes the folder; the file is where it was.
    given = {**options, "config": chosen.config and str(chosen.config)}
    daemon = make_daemon(chosen, default_reactor, process, level, lambda: config.load(given))
    if output is not None:
        daemon.observer = log.make_observer(level, chosen.log_format, output)
    return daemon


def _open_output(twistd: Mapping[str, Any]) -> log.Output:
    try:
        return log.open_output(twistd)
    except StartError as error:
        raise SystemExit(f"ruggine: {error}") from None


def make_daemon(
    chosen: Config, reactor: Any, process: Process, level: log.Level, load: Callable[[], Config]
) -> Daemon:
    """Every part of a daemon, put together. Nothing is opened before the service starts."""
    limits = chosen.limits
    debug = chosen.log_level == "debug"
    now = time.time
    database = Database(
        reactor,
        chosen.database,
        chosen.durability,
        shared=chosen.redis is not None,
        fail=_fail,
    )
    accounts_stored = AccountStore(database)
    sessions_stored = SessionStore(database, limits.max_sessions_per_user)
    chats_stored = ChatStore(database)
    groups_stored = GroupStore(database, chosen.limits.max_group_members)
    friends_stored = FriendStore(database)
    search_stored = SearchStore(database)
    message_log = MessageLog(database)
    passwords = Passwords(reactor, limits.max_waiting_logins)
    redis = (
        RedisBus(
            reactor, chosen.redis, spawn, now, lambda: key_of(database.bus_key, database.epoch)
        )
        if chosen.redis
        else None
    )
    hub = Hub(
        log=message_log,
        chats=chats_stored,
        sessions=sessions_stored,
        bus=redis or LocalBus(),
        frame=FramedEntry,
        frame_notice=FramedNotice,
        spawn=spawn,
        max_connections_per_user=limits.max_connections_per_user,
        note=Activity() if debug else None,
    )
    sessions = Sessions(
        store=sessions_stored,
        cache=redis.sessions if redis else LocalSessionCache(reactor.seconds),
        hub=hub,
        clock=clock.steady(),
        idle_s=limits.session_idle_s,
        max_s=limits.session_max_s,
    )
    directory = Directory(
        accounts=accounts_stored, chats=chats_stored, groups=groups_stored, hub=hub
    )
    messages = Messages(
        log=message_log,
        chats=chats_stored,
        edits=EditStore(database),
        directory=directory,
        hub=hub,
        clock=now,
        max_message_length=limits.max_message_length,
    )
    groups = Groups(store=groups_stored, directory=directory, hub=hub, clock=now)
    friends = Friends(store=friends_stored, directory=directory, hub=hub, clock=now)
    accounts = Accounts(
        store=accounts_stored,
        session_store=sessions_stored,
        sessions=sessions,
        directory=directory,
        groups=groups,
        hub=hub,
        hasher=passwords,
        failures=LoginFailures(reactor.seconds, enabled=chosen.rates is not None),
        clock=now,
    )
    rates = RateLimits(chosen.rates, reactor.seconds)
    account_commands = AccountCommands(accounts, sessions)
    commands = Commands(
        accounts=account_commands,
        friends=FriendCommands(friends),
        groups=GroupCommands(groups),
        messages=MessageCommands(messages),
        search=SearchCommands(Search(store=search_stored, chats=chats_stored, directory=directory)),
        limits=rates,
    )
    presence = Presence(hub=hub, friends=friends_stored, clock=now)
    connections = Connections()
    pace = Pace(reactor, time.perf_counter)
    door = Door(pace, files.places(limits), limits, limited=chosen.rates is not None)
    proxies = Proxies(chosen.trusted_proxies)

    def entrance(endpoint: str) -> Entrance:
        proxied = endpoint.startswith("haproxy:")
        return Entrance(reactor, door, pace, proxies, proxied=proxied)

    lines = LineFactory(
        reactor=reactor,
        commands=commands,
        sessions=sessions,
        hub=hub,
        connections=connections,
        entrance=entrance(chosen.tcp),
        limits=limits,
        debug=debug,
    )
    sockets = ChatSocketFactory(
        reactor=reactor,
        commands=commands,
        sessions=sessions,
        hub=hub,
        resume=Resume(
            chats=chats_stored, directory=directory, limits=rates, epoch=lambda: database.epoch
        ),
        connections=connections,
        entrance=entrance(chosen.websocket),
        limits=limits,
        allowed_origins=chosen.allowed_origins,
        epoch=lambda: database.epoch,
        clock=now,
        debug=debug,
    )
    lag = Lag(reactor)
    registry = make_registry(
        Parts(
            database=database,
            log=message_log,
            hub=hub,
            messages=messages,
            accounts=account_commands,
            connections=connections,
            door=door,
            pace=pace,
            sockets=sockets,
            lines=lines,
            redis=redis,
            lag=lag,
        )
    )
    reconfiguration = Reconfiguration(chosen, load, level, rates, [lines, sockets])
    performance_log = []
    if chosen.performance_log is not None:
        lines_of = PerformanceLog(chosen.performance_log, registry, lambda: read_totals(database))
        performance_log.append(_every(EVERY_S, lines_of.write))
    probe = Probe(reactor, database)
    site = make_site(
        reactor, entrance(chosen.http), lambda: _readiness(probe, redis), registry, page_files()
    )
    if redis is not None:
        redis.listen(hub)
    return Daemon(
        reactor=reactor,
        database=database,
        parts=[
            passwords,
            lag,
            *([redis] if redis is not None else []),
            _every(WATCH_S, database.watch),
            *([_every(FLUSH_S, database.flush)] if chosen.durability == "relaxed" else []),
            Indexer(reactor, search_stored, message_log),
            _every(SWEEP_S, sessions.sweep),
            _every(TICK_S, presence.tick),
            _every(collector.COLLECT_S, collector.collect),
            *performance_log,
        ],
        ports=[
            Port("tcp", "TCP Server", chosen.tcp, lines, reactor),
            Port("websocket", "WebSocket Server", chosen.websocket, sockets, reactor, HTTP),
            Port("http", "HTTP Server", chosen.http, site, reactor, HTTP),
        ],
        connections=connections,
        shutdown_timeout_s=limits.shutdown_timeout_s,
        notes=[] if redis else ["Redis not configured, using the embedded bus"],
        process=process,
        reloads=[("The configuration", reconfiguration.reload)] if chosen.config else [],
    )


def _every(seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> TimerService:
    """Does `work` at once and then again and again, each time to its end."""
    return TimerService(seconds, lambda: Deferred.fromCoroutine(work()).addErrback(_on_failure))


def _fail(reason: str) -> None:
    """End at once, with what sysexits.h calls EX_IOERR: no answer may leave this process now."""
    _log.critical("Ending at once, to start anew: {reason}", reason=reason)
    os._exit(74)


def spawn(work: Coroutine[Any, Any, None]) -> None:
    """Start work that nobody waits for; implements `ruggine.domain.ports.Spawn`."""
    Deferred.fromCoroutine(work).addErrback(_on_failure)


def _on_failure(failure: Failure) -> None:
    if failure.check(errors.Unavailable) is None:  # storage has said so itself
        _log.failure("Something in the background failed", failure)


async def _readiness(probe: Probe, redis: RedisBus | None) -> dict[str, str]:
    return {
        "database": "ok" if await probe.stores() else "unavailable",
        "redis": "none" if redis is None else "ok" if redis.present else "away",
    }
