"""Secrets in the system's keyring, or in a file that only their owner can read.

The keyring is asked by a child process that ends at once, `python -m client_tk.secret`: its
libraries are large, and some of them hang. A secret passes through pipes only, never through
arguments, which everybody on the machine can read.
"""

from __future__ import annotations

import contextlib
import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from client_tk.errands import Ended, Errand, module

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_PATIENCE_S = 10.0
_MOST_BYTES = 65536
_OK, _NOT_THERE, _NO_KEYRING = 0, 3, 4

# In the parent: the keyring


def read(service: str, user: str) -> Errand[str | None]:
    """None where there is no such secret, no keyring, or no answer within 10 s."""
    ended = yield from _ask("get", service, user)
    with contextlib.suppress(UnicodeDecodeError):
        return ended.said.decode() if ended.status == _OK else None
    return None


def write(service: str, user: str, secret: str) -> Errand[bool]:
    """Whether it is kept: False where there is no keyring, or no answer within 10 s."""
    ended = yield from _ask("set", service, user, secret)
    return ended.status == _OK


def forget(service: str, user: str) -> Errand[bool]:
    """Whether no such secret is kept now: False where the keyring does not let go of it."""
    ended = yield from _ask("delete", service, user)
    return ended.status in (_OK, _NOT_THERE, _NO_KEYRING)


def _ask(verb: str, service: str, user: str, secret: str = "") -> Errand[Ended]:
    name, said = "client_tk.secret", secret.encode()
    return (yield module(name, verb, service, user, input=said, patience_s=_PATIENCE_S))


# In the parent: a file


def read_file(path: Path) -> str | None:
    """None where there is no such file, or none that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        return None


def write_file(path: Path, secret: str) -> None:
    """Whole or not at all. The file is its owner's only, and so is its folder. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        _write_fresh(fresh, secret.encode())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def forget_file(path: Path) -> None:
    """Also where there is none. Raises OSError where it stays."""
    path.unlink(missing_ok=True)


def _write_fresh(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """So that a power cut does not bring the former secret back; not every system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# In the child


def _main(verb: str, service: str, user: str) -> int:
    backend = _backend()
    if backend is None:
        return _NO_KEYRING
    if verb == "get":
        return _get(backend, service, user)
    if verb == "set":
        backend.set_password(service, user, sys.stdin.buffer.read().decode())
        return _OK
    return _delete(backend, service, user)


def _backend() -> KeyringBackend | None:
    """None for those that keep nothing: `fail`, `null`, and a chain without links."""
    import keyring
    from keyring.backends import chainer, fail, null

    backend = keyring.get_keyring()
    if isinstance(backend, fail.Keyring | null.Keyring):
        return None
    if isinstance(backend, chainer.ChainerBackend) and not backend.backends:
        return None
    return backend


def _get(backend: KeyringBackend, service: str, user: str) -> int:
    secret = backend.get_password(service, user)
    if secret is None:
        return _NOT_THERE
    sys.stdout.buffer.write(secret.encode())
    sys.stdout.buffer.flush()
    return _OK


def _delete(backend: KeyringBackend, service: str, user: str) -> int:
    if backend.get_password(service, user) is None:
        return _NOT_THERE
    backend.delete_password(service, user)
    return _OK


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
