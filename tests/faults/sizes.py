"""How many faults of each kind a run of each size plays."""

from __future__ import annotations

PER_ROUND = 100
"""Faults on one database; the next round begins with a new one."""

SIZES = {
    "ci": {
        "kill": 25,
        "power-cut": 5,
        "power-cut-relaxed": 1,
        "disk-full": 3,
        "failed-fsync": 3,
        "locked": 2,
        "drain": 3,
        "sessions": 4,
        "members": 6,
        "slow-readers": 1,
        "crowd": 1,
        "network": 12,
        "redis-two-nodes": 4,
        "redis-three-nodes": 2,
        "nodes-killed": 4,
        "clock": 5,
    },
    "nightly": {
        "kill": 300,
        "power-cut": 60,
        "power-cut-relaxed": 1,
        "disk-full": 20,
        "failed-fsync": 50,
        "locked": 10,
        "drain": 20,
        "sessions": 20,
        "members": 20,
        "slow-readers": 3,
        "crowd": 10,
        "network": 200,
        "redis-two-nodes": 40,
        "redis-three-nodes": 20,
        "nodes-killed": 40,
        "clock": 20,
    },
    "release": {
        "kill": 2000,
        "power-cut": 500,
        "power-cut-relaxed": 1,
        "disk-full": 100,
        "failed-fsync": 200,
        "locked": 20,
        "drain": 200,
        "sessions": 50,
        "members": 100,
        "slow-readers": 3,
        "crowd": 50,
        "network": 500,
        "redis-two-nodes": 100,
        "redis-three-nodes": 100,
        "nodes-killed": 200,
        "clock": 50,
    },
}
