"""`--durability=relaxed`: what was flushed survives a power cut; what was not may be lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor

from ruggine.storage.database import Cursor, Database
from tests.faults.disks import ForgetfulDisk, why_not


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[ForgetfulDisk]:
    if reason := why_not():
        pytest.skip(reason)
    disk = ForgetfulDisk(tmp_path)
    yield disk
    disk.close()


def _add_txn(cursor: Cursor, name: str) -> None:
    cursor.execute("INSERT INTO meta VALUES (?, '')", (name,))


@pytest_twisted.ensureDeferred
async def test_what_was_flushed_survives_a_power_cut(disk: ForgetfulDisk) -> None:
    path = disk.path / "it.db"
    database = Database(reactor, path, "relaxed")
    database.open()
    await database.write(_add_txn, "it-flushed")
    await database.flush()
    await database.write(_add_txn, "it-not")
    disk.copy()
    database.close()
    disk.come_back()
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT key FROM meta WHERE key LIKE 'it-%'").fetchall()
    assert found == [("it-flushed",)]


@pytest_twisted.ensureDeferred
async def test_a_flush_that_fails_ends_the_process(tmp_path: Path) -> None:
    """And one with nothing to flush asks nothing of the disk."""
    failed: list[str] = []
    database = Database(reactor, tmp_path / "it.db", "relaxed", fail=failed.append)
    database.open()
    elsewhere, kept = os.pipe()
    os.dup2(elsewhere, database._files._log)  # no file that could be synced
    await database.flush()
    assert not failed
    await database.write(_add_txn, "it")
    await database.flush()
    assert ["SQLite's log cannot be written" in reason for reason in failed] == [True]
    for descriptor in (elsewhere, kept):
        os.close(descriptor)
    database.close()
