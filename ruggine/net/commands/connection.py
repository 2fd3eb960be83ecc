"""The connection itself."""

from __future__ import annotations

from ruggine import errors
from ruggine.net.commands.caller import Caller, Table
from ruggine.wire import frames, lines, requests, results


class ConnectionCommands:
    def __init__(self) -> None:
        self.for_anybody: Table = {
            requests.Help: self._help,
            requests.Quit: self._quit,
            requests.Ping: self._ping,
        }

    async def _help(self, caller: Caller, r: requests.Help) -> frames.Reply:
        if r.command is None:
            commands = [c for name, c in lines.COMMANDS.items() if name == c.name]
            return results.HelpResult(commands=[_help_item(c) for c in commands])
        command = lines.COMMANDS.get(r.command.removeprefix("/"))
        if command is None:
            raise errors.InvalidRequest("Unknown command. /help lists every command.")
        return results.HelpResult(commands=[_help_item(command)])

    async def _quit(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return results.QuitResult()

    async def _ping(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return frames.Pong()


def _help_item(command: lines.Command) -> results.HelpItem:
    text = (command.request.__doc__ or "").strip()
    return results.HelpItem(command.usage, text, command.request.example)
