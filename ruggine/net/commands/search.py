"""Search."""

from __future__ import annotations

from ruggine.domain.search import Search
from ruggine.model import Asked, Hit, Who
from ruggine.net import pages
from ruggine.net.commands.caller import Caller, Table, place_of
from ruggine.net.commands.messages import message_item
from ruggine.wire import frames, requests, results


class SearchCommands:
    def __init__(self, search: Search) -> None:
        self._search = search
        self.for_users: Table = {requests.Search: self._find}

    async def _find(self, caller: Caller, r: requests.Search) -> frames.Reply:
        part = await self._search.find(
            caller.user,
            r.query,
            place=place_of(r) if requests.chat_named(r) else None,
            sender=_sender(r),
            before_s=r.before,
            after_s=r.after,
            asked=Asked(r.limit, r.cursor),
        )

        def item(hit: Hit) -> results.MessageItem:
            shown = message_item(hit.entry, hit.reactions, hit.chat, caller.user)
            return pages.whole(shown, caller.room)

        messages, more = pages.page(part, item, caller.room)
        return results.SearchResult(messages=messages, **more)


def _sender(r: requests.Search) -> Who | None:
    if r.sender is None and r.sender_id is None:
        return None
    return Who(r.sender or "", r.sender_id)
