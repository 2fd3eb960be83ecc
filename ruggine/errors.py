"""Every refusal: its wire code and the sentence the person reads (docs/protocol.md, section 1).

The domain raises these, the ports translate them, the client shows them. A refused request has
changed nothing.
"""

from __future__ import annotations

from typing import ClassVar

MAX_SENTENCE = 400
"""Characters of what a refusal says, for it may quote what was sent."""


class Refusal(Exception):
    """A request that is not granted.

    `code` is stable and for programs; `sentence` is for people and never holds a secret or the
    content of a message. `retry_after_s` is set where waiting helps.
    """

    code: ClassVar[str] = "invalid_request"
    default: ClassVar[str] = "This request is not valid."

    def __init__(self, sentence: str | None = None, *, retry_after_s: float | None = None) -> None:
        self.sentence = _shortened(sentence or self.default)
        self.retry_after_s = retry_after_s
        super().__init__(self.sentence)


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= MAX_SENTENCE else sentence[: MAX_SENTENCE - 1] + "…"


class InvalidRequest(Refusal):
    """Not a known command, wrong or missing arguments, malformed JSON."""


class InvalidUsername(Refusal):
    code = "invalid_username"
    default = (
        "A username has 1 to 32 characters: letters a-z, digits, '_', '.' and '-', "
        "and begins with a letter or a digit."
    )


class InvalidPassword(Refusal):
    code = "invalid_password"
    default = "A password has at least 8 characters and at most 1024 bytes."


class InvalidContent(Refusal):
    code = "invalid_content"
    default = (
        "A message needs at least one visible character, and no control characters "
        "but line breaks and tabs."
    )


class InvalidGroupName(Refusal):
    code = "invalid_group_name"
    default = (
        "A group name has 1 to 64 visible characters, without ',', ':' and '|', "
        "and no blank at either end."
    )


class MessageTooLong(Refusal):
    code = "message_too_long"
    default = "This message is too long."


class UsernameTaken(Refusal):
    code = "username_taken"
    default = "This username is taken. Choose another one."


class InvalidCredentials(Refusal):
    code = "invalid_credentials"
    default = "Unknown user or wrong password."


class InvalidSession(Refusal):
    code = "invalid_session"
    default = "This session is unknown, has expired or was ended. Log in again."


class NotFound(Refusal):
    code = "not_found"
    default = "There is no such thing here."


class NoSuchUser(NotFound):
    default = "There is no such user."


class NotAMember(Refusal):
    code = "not_a_member"
    default = "You are not in this group."


class Forbidden(Refusal):
    code = "forbidden"
    default = "You may not do this."


class AlreadyDone(Refusal):
    code = "already_done"
    default = "This was done already."


class ClientIdConflict(Refusal):
    code = "client_id_conflict"
    default = "This client_id was used for a different message. Send it with a new one."


class RateLimited(Refusal):
    code = "rate_limited"
    default = "Too fast. Wait a moment."


class Unavailable(Refusal):
    code = "unavailable"
    default = "The server cannot do this now. Try again in a moment."


class StartError(Exception):
    """The daemon cannot start; the text names the option and says what to do, on one line."""
