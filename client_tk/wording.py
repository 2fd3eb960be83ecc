"""Sentences for what a person cannot be expected to know: codes, reasons and roles."""

from __future__ import annotations

from client_tk.texts import _, ngettext


def trouble(code: str, sentence: str, retry_after_s: float | None = None) -> str:
    """A refusal in the person's language; the daemon's own sentence for a code that is new."""
    if code == "rate_limited":
        if retry_after_s:
            return _("Too fast. Try again in {seconds} s.").format(seconds=round(retry_after_s))
        return _("Too fast. Try again in a moment.")
    known = {
        "invalid_username": _(
            "A username has 1 to 32 letters (a-z), digits, '_', '.' or '-', and begins with a "
            "letter or a digit."
        ),
        "invalid_password": _("A password has at least 8 characters."),
        "invalid_content": _("There is nothing in this message that can be sent."),
        "invalid_group_name": _("A group name has 1 to 64 characters, without ',', ':' and '|'."),
        "message_too_long": _("This message is too long. Send it in parts."),
        "username_taken": _("This name is taken. Choose another one, or log in."),
        "invalid_credentials": _("Wrong name or wrong password."),
        "invalid_session": _("This session has ended. Sign in again; nothing is lost."),
        "not_found": _("There is no such user, group or message."),
        "not_a_member": _("You are not in this group."),
        "forbidden": _("You may not do this here."),
        "already_done": _("This has been done already."),
        "unavailable": _("The server cannot do this now. Try again in a moment."),
    }
    return known.get(code, sentence)


def not_sent(code: str, sentence: str, retry_after_s: float | None = None) -> str:
    """Why a message was not sent."""
    if code == "not_found":
        return _("Not sent: the account it was for has been deleted.")
    return trouble(code, sentence, retry_after_s)


def not_known_whom() -> str:
    """Of what waits in a chat that an older client kept by a name."""
    return _(
        "Not sent: this name may be somebody else's by now. Copy it, and send it to whom you mean."
    )


def unreachable(reason: str, detail: str, server: str) -> str:
    """Why nobody could be asked, and what to do. `reason` is one of `net.reasons`."""
    known = {
        "refused": _("No Ruggine answers at {server}. Is the daemon running there?"),
        "no_host": _("There is no host {server}. Check the name of the server."),
        "timeout": _("{server} does not answer. Check the network and the name of the server."),
        "tls": _("The identity of {server} cannot be verified: {detail}"),
        "not_ruggine": _("What answers at {server} is no Ruggine. Check the port."),
        "older": _("{server} runs an older Ruggine than this program needs: update it there."),
        "silent": _("{server} has fallen silent."),
        "lost": _("The connection to {server} was lost."),
    }
    text = known.get(reason) or _("{server} cannot be reached: {detail}")
    return text.format(server=server, detail=detail or reason)


def closed(code: int) -> str:
    """Why the daemon has closed the connection."""
    known = {
        1001: _("The server is shutting down or restarting."),
        4003: _("The connection was too slow."),
        4501: _("This session has ended. Sign in again; nothing is lost."),
        4502: _("You are connected from too many places. Close one of them."),
        4503: _("An operator has closed this connection."),
        4504: _("The server has closed this connection for abuse."),
    }
    return known.get(code) or _("The server has closed the connection.")


def not_kept() -> str:
    """At a start for which no token was kept."""
    return _("Your session is not kept on this computer. Sign in again; nothing is lost.")


def missed(count: int) -> str:
    """What came while one was away, in one notification."""
    return ngettext("{count} new message", "{count} new messages", count).format(count=count)
