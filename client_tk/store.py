"""What the client keeps on disk: cached entries, how far each chat has come, drafts and the outbox.

The cache of a chat is one unbroken run of its log, from `low` to `cursor`; what is before `low` is
asked of the daemon when somebody scrolls there. So what is shown is never out of date without the
client knowing. Used by the Tk thread only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from client_tk.model import ChatKey, Row
from client_tk.schema import STEPS, VERSION
from client_tk.texts import _

_ROW = (
    "seq, kind, sender, content, time_s, client_id, reply_to, edited, deleted, reactions, subject"
)
_OF_OTHERS = "chat_id = ? AND seq > ? AND kind = 'message' AND sender <> ? AND NOT deleted"
_reactions = msgspec.json.Decoder(tuple[tuple[str, tuple[str, ...]], ...])


class StoredChat(Struct):
    """A chat as it is kept. `public_id` is what the daemon calls it (`chat_id` on the wire), empty
    until it is known. `by_name`: it was kept by the name of somebody, and who that was has yet to
    be found out. `unread` counts up to the entry `counted`; `mentions` has each `seq` of a message
    that names the person and was not seen; `left` is a group that one is no longer
    in."""

    id: int
    key: ChatKey
    title: str
    public_id: str = ""
    by_name: bool = False
    role: str = ""
    open: bool = False
    low: int = 1
    cursor: int = 0
    read_seq: int = 0
    unread: int = 0
    mentions: tuple[int, ...] = ()
    counted: int = 0
    muted: bool = False
    left: bool = False
    draft: str = ""
    preview: str = ""
    time_s: float = 0.0


class Waiting(Struct, frozen=True):
    """A message in the outbox: typed, and not yet seen in its chat. `seq` is set once it is stored,
    `refusal` once the daemon has refused it for good."""

    chat_id: int
    client_id: str
    content: str
    reply_to: int | None
    time_s: float
    seq: int | None = None
    refusal: str = ""


class StoreError(Exception):
    """The file cannot be used; its text says why, in the person's language."""


class Store:
    """One account on one server."""

    def __init__(self, path: Path) -> None:
        """Raises StoreError; a file that is damaged is set aside as `.damaged`, never deleted."""
        self.path = path
        try:
            self._database = _open_sound(path)
        except (OSError, sqlite3.OperationalError) as error:
            sentence = _("The messages that are kept on this computer cannot be opened: {detail}")
            raise StoreError(sentence.format(detail=error)) from None
        self._depth = 0

    def close(self) -> None:
        """Also in the middle of `writing`: what was written until then is kept."""
        if self._depth:
            self._database.execute("COMMIT")
            self._depth = 0
        self._database.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is written inside is written at once, or not at all."""
        if self._depth == 0:
            self._database.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._leave("ROLLBACK")
            raise
        self._leave("COMMIT")

    def _leave(self, how: str) -> None:
        if self._depth == 1:
            self._database.execute(how)
        self._depth = max(self._depth - 1, 0)

    def give_way(self, name: str) -> None:
        """Close the file, and leave it beside its place under another name: what is kept here from
        now on is somebody else's."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.replace(self.path.with_name(f"{self.path.name}.{name}{suffix}"))

    def meta(self, key: str) -> str | None:
        found = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def set_meta(self, key: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # Chats

    def chats(self) -> list[StoredChat]:
        found = self._database.execute(
            "SELECT id, kind, place, title, role, open, low, cursor, read_seq, unread, "
            "counted, muted, left_it, draft, preview, time_s, public_id, by_name FROM chats"
        )
        return [
            StoredChat(
                id=r[0], key=ChatKey(r[1], r[2]), title=r[3], role=r[4], open=bool(r[5]),
                low=r[6], cursor=r[7], read_seq=r[8], unread=r[9], mentions=self._mentions(r[0]),
                counted=r[10], muted=bool(r[11]), left=bool(r[12]), draft=r[13], preview=r[14],
                time_s=r[15], public_id=r[16], by_name=bool(r[17]),
            )
            for r in found
        ]  # fmt: skip

    def add_chat(self, key: ChatKey, title: str) -> StoredChat:
        added = self._database.execute(
            "INSERT INTO chats (kind, place, title) VALUES (?, ?, ?)", (*key, title)
        )
        return StoredChat(added.lastrowid or 0, key, title)

    def save_chat(self, chat: StoredChat) -> None:
        """Everything but the draft and the mentions, which are saved when they change."""
        self._database.execute(
            "UPDATE chats SET title = ?, role = ?, open = ?, low = ?, cursor = ?, read_seq = ?, "
            "unread = ?, counted = ?, muted = ?, left_it = ?, preview = ?, time_s = ?, "
            "kind = ?, place = ?, public_id = ?, by_name = ? WHERE id = ?",
            (
                chat.title, chat.role, chat.open, chat.low, chat.cursor, chat.read_seq,
                chat.unread, chat.counted, chat.muted, chat.left, chat.preview,
                chat.time_s, *chat.key, chat.public_id, chat.by_name, chat.id,
            ),
        )  # fmt: skip

    def save_mentions(self, chat: StoredChat) -> None:
        with self.writing():
            self._database.execute("DELETE FROM mentions WHERE chat_id = ?", (chat.id,))
            self._database.executemany(
                "INSERT INTO mentions VALUES (?, ?)", [(chat.id, seq) for seq in chat.mentions]
            )

    def _mentions(self, chat_id: int) -> tuple[int, ...]:
        found = self._database.execute(
            "SELECT seq FROM mentions WHERE chat_id = ? ORDER BY seq", (chat_id,)
        )
        return tuple(seq for (seq,) in found)

    def join_chats(self, chat_id: int, other_id: int) -> None:
        """What was typed for the one is for the other now, and the one is forgotten."""
        self._database.execute(
            "UPDATE outbox SET chat_id = ? WHERE chat_id = ?", (other_id, chat_id)
        )
        for table, column in (
            ("entries", "chat_id"),
            ("reads", "chat_id"),
            ("mentions", "chat_id"),
            ("chats", "id"),
        ):
            self._database.execute(
                f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - constant names
                (chat_id,),
            )

    def save_draft(self, chat: StoredChat) -> None:
        self._database.execute("UPDATE chats SET draft = ? WHERE id = ?", (chat.draft, chat.id))

    def forget_entries(self, chat_id: int | None = None) -> None:
        """Of one chat, or of all; drafts and the outbox stay."""
        if chat_id is None:
            self._database.execute("DELETE FROM entries")
            self._database.execute("DELETE FROM reads")
        else:
            self._database.execute("DELETE FROM entries WHERE chat_id = ?", (chat_id,))

    # Entries

    def put(self, chat_id: int, rows: Iterable[Row]) -> None:
        """Rows have a `seq`; one that is there already is replaced."""
        self._database.executemany(
            f"INSERT OR REPLACE INTO entries (chat_id, {_ROW}) "  # noqa: S608 - constant names
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    chat_id, r.seq, r.kind, r.sender, r.content, r.time_s, r.client_id, r.reply_to,
                    r.edited, r.deleted, _encoded(r.reactions), r.subject,
                )
                for r in rows
            ],
        )  # fmt: skip

    def row(self, chat_id: int, seq: int) -> Row | None:
        return next(iter(self._rows("chat_id = ? AND seq = ?", (chat_id, seq))), None)

    def before(self, chat_id: int, seq: int, limit: int) -> list[Row]:
        """The newest rows before `seq`, oldest first."""
        found = self._rows("chat_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                           (chat_id, seq, limit))  # fmt: skip
        return found[::-1]

    def after(self, chat_id: int, seq: int, limit: int) -> list[Row]:
        return self._rows("chat_id = ? AND seq > ? ORDER BY seq LIMIT ?", (chat_id, seq, limit))

    def unread(self, chat_id: int, seq: int, me: str) -> int:
        """How many messages of others stand after `seq`."""
        found = self._database.execute(
            f"SELECT COUNT(*) FROM entries WHERE {_OF_OTHERS}",  # noqa: S608 - constant
            (chat_id, seq, me),
        ).fetchone()
        return int(found[0])

    def first_unread(self, chat_id: int, seq: int, me: str) -> int | None:
        """The first message of others after `seq`."""
        found = self._database.execute(
            f"SELECT MIN(seq) FROM entries WHERE {_OF_OTHERS}",  # noqa: S608 - constant
            (chat_id, seq, me),
        ).fetchone()
        return None if found[0] is None else int(found[0])

    def last_said(self, chat_id: int) -> Row | None:
        """The newest message, as far as it is cached."""
        found = self._rows(
            "chat_id = ? AND kind = 'message' AND NOT deleted ORDER BY seq DESC LIMIT 1", (chat_id,)
        )
        return found[0] if found else None

    def last_own(self, chat_id: int, me: str) -> Row | None:
        found = self._rows(
            "chat_id = ? AND sender = ? AND kind = 'message' AND NOT deleted "
            "ORDER BY seq DESC LIMIT 1",
            (chat_id, me),
        )
        return found[0] if found else None

    def _rows(self, where: str, values: tuple[object, ...]) -> list[Row]:
        found = self._database.execute(
            f"SELECT {_ROW} FROM entries WHERE {where}",  # noqa: S608 - texts of this module
            values,
        )
        return [
            Row(
                seq=r[0], kind=r[1], sender=r[2], content=r[3], time_s=r[4], client_id=r[5],
                reply_to=r[6], edited=bool(r[7]), deleted=bool(r[8]),
                reactions=_reactions.decode(r[9]) if r[9] else (), subject=r[10],
            )
            for r in found
        ]  # fmt: skip

    # The outbox

    def waiting(self) -> list[Waiting]:
        """In the order of typing."""
        found = self._database.execute(
            "SELECT chat_id, client_id, content, reply_to, time_s, seq, refusal FROM outbox "
            "ORDER BY id"
        )
        return [Waiting(*r) for r in found]

    def post(self, message: Waiting) -> None:
        """On the disk when this returns, whatever happens to the machine then. The draft of its
        chat has gone in the same moment: it is never there beside the message."""
        self._database.execute("PRAGMA synchronous = FULL")
        try:
            with self.writing():
                self._database.execute(
                    "INSERT INTO outbox (chat_id, client_id, content, reply_to, time_s) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (message.chat_id, message.client_id, message.content, message.reply_to,
                     message.time_s),
                )  # fmt: skip
                self._database.execute(
                    "UPDATE chats SET draft = '' WHERE id = ?", (message.chat_id,)
                )
        finally:
            self._database.execute("PRAGMA synchronous = NORMAL")

    def save_waiting(self, message: Waiting) -> None:
        self._database.execute(
            "UPDATE outbox SET seq = ?, refusal = ? WHERE client_id = ?",
            (message.seq, message.refusal, message.client_id),
        )

    def unpost(self, client_id: str) -> None:
        self._database.execute("DELETE FROM outbox WHERE client_id = ?", (client_id,))

    # People

    def names(self) -> dict[str, str]:
        """The name of each user id."""
        return dict(self._database.execute("SELECT id, name FROM users").fetchall())

    def save_name(self, user_id: str, name: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO users VALUES (?, ?)", (user_id, name))

    def identify(self, name: str, user_id: str, chat_id: int | None = None) -> None:
        """Entries that were kept with somebody's name are theirs: in one chat, or in all."""
        where, values = ("AND chat_id = ?", (chat_id,)) if chat_id is not None else ("", ())
        for table, column in (("entries", "sender"), ("entries", "subject"), ("reads", "user_id")):
            self._database.execute(
                f"UPDATE OR IGNORE {table} SET {column} = ? "  # noqa: S608 - constant names
                f"WHERE {column} = ? COLLATE NOCASE {where}",
                (user_id, name, *values),
            )
        found = self._database.execute(
            f"SELECT chat_id, seq, reactions FROM entries "  # noqa: S608 - constant names
            f"WHERE reactions <> '' {where}",
            values,
        ).fetchall()
        self._database.executemany(
            "UPDATE entries SET reactions = ? WHERE chat_id = ? AND seq = ?",
            [(_encoded(_identified(r[2], name, user_id)), r[0], r[1]) for r in found],
        )

    # Who has read

    def reads(self, chat_id: int) -> dict[str, int]:
        """How far each has read, by user id."""
        found = self._database.execute(
            "SELECT user_id, seq FROM reads WHERE chat_id = ?", (chat_id,)
        )
        return dict(found.fetchall())

    def save_read(self, chat_id: int, user_id: str, seq: int) -> None:
        self._database.execute(
            "INSERT INTO reads VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = MAX(seq, ?)",
            (chat_id, user_id, seq, seq),
        )


def _encoded(reactions: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    return msgspec.json.encode(reactions).decode() if reactions else ""


def _identified(encoded: str, name: str, user_id: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Reactions of which those by `name` are by `user_id`."""
    return tuple(
        (emoji, tuple(user_id if one.lower() == name.lower() else one for one in who))
        for emoji, who in _reactions.decode(encoded)
    )


def _open_sound(path: Path) -> sqlite3.Connection:
    """A new file, where the one that is there is damaged."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        _set_aside(path)
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    database = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=True)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA cache_size = -2000")
        if database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise StoreError(
                _("The messages on this computer were kept by a newer Ruggine: start that one.")
            )
        for number, step in enumerate(STEPS[version:], version + 1):
            database.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")
    except BaseException:
        database.close()
        raise
    return database


def _set_aside(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(path.with_name(f"{path.name}.damaged{suffix}"))
