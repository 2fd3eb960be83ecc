"""The connection itself."""

from __future__ import annotations

from ruggine import errors
from ruggine.domain import paging
from ruggine.model import Asked, Part
from ruggine.net.commands.caller import Caller, Table
from ruggine.net.pages import asked, page
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
            commands, more = page(_all_commands(asked(r)), _help_item, caller.room)
            return results.HelpResult(commands=commands, **more)
        command = lines.COMMANDS.get(r.command.removeprefix("/"))
        if command is None:
            raise errors.InvalidRequest("Unknown command. /help lists every command.")
        return results.HelpResult(commands=[_help_item(command)], has_more=False)

    async def _quit(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return results.QuitResult()

    async def _ping(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return frames.Pong()


def _all_commands(asked: Asked) -> Part[lines.Command]:
    commands = [c for name, c in lines.COMMANDS.items() if name == c.name]
    after = paging.read(asked.cursor, (0,))[0]
    return paging.part(commands[after:], asked, lambda command: (commands.index(command) + 1,))


def _help_item(command: lines.Command) -> results.HelpItem:
    text = (command.request.__doc__ or "").strip()
    return results.HelpItem(command.usage, text, command.request.example)
