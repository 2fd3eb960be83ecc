"""The name of each user id."""

from __future__ import annotations

from collections.abc import Mapping

from client_tk.store import Store

_DELETED = "deleted~"
"""So begin the names of deleted accounts, and no other."""


class Names:
    """Tk thread only. What changes here is written to the store at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names = store.names()

    @property
    def all(self) -> Mapping[str, str]:
        return self._names

    def of(self, user_id: str) -> str:
        return self._names.get(user_id, user_id)

    def learn(self, user_id: str, name: str) -> bool:
        """Whether that is news. Nobody comes back from being deleted: a frame that says so was
        made before."""
        known = self._names.get(user_id)
        if known == name or is_deleted(known):
            return False
        self._names[user_id] = name
        self._store.save_name(user_id, name)
        return True


def is_deleted(name: str | None) -> bool:
    """Whether this is what a deleted account is called."""
    return name is not None and name.startswith(_DELETED)
