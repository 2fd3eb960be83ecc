"""Frames with the ids of a daemon where everybody's id is made of their name."""

from __future__ import annotations

from typing import Any

ME = "dory"

_BESIDE = {
    "from": "from_id", "to_user": "to_user_id", "username": "user_id", "by": "by_id",
    "invited_by": "invited_by_id",
}  # fmt: skip


def user_id(name: str) -> str:
    return f"id-of-{name}"


def name_of(user_id: str) -> str:
    return user_id.removeprefix("id-of-")


def chat_id(one: str, other: str) -> str:
    """Of the private chat of two."""
    return "chat-of-" + "-".join(sorted((one, other)))


def with_ids(value: Any) -> Any:
    """A frame, or a part of one, with an id beside each name, and of each chat."""
    if isinstance(value, list):
        return [with_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    filled = {key: with_ids(item) for key, item in value.items()}
    for name, id_ in _BESIDE.items():
        if isinstance(filled.get(name), str):
            filled.setdefault(id_, user_id(filled[name]))
    if "emoji" in filled and "users" in filled:
        filled.setdefault("user_ids", [user_id(name) for name in filled["users"]])
    if "group_id" in filled:
        filled.setdefault("chat_id", filled["group_id"])
    elif isinstance(filled.get("to_user"), str):
        actor = filled.get("username") or filled.get("from")
        actor = actor if isinstance(actor, str) and actor != filled["to_user"] else ME
        filled.setdefault("chat_id", chat_id(actor, filled["to_user"]))
    return filled
