"""Who is connected from where, over all ports: how many there may be, and how much work they make.

Who has not shown a session yet is a stranger. Those of one address share one budget of work and
few places; who is known works at their own account.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ruggine.config import Limits
from ruggine.domain.limits import network_of
from ruggine.domain.recent import Recent
from ruggine.net.pace import Budget, Pace

CONNECTION_S = 0.0005
"""What it costs to open and close a connection."""

DEBT_S = 5.0
"""Who would have to wait for longer than that is turned away."""

_REMEMBERED = 100_000


class Visit:
    """One connection's place."""

    __slots__ = ("_door", "address", "budget", "counted", "cut", "gone", "known", "network")

    def __init__(
        self, door: Door, budget: Budget, cut: Callable[[], None], *, counted: bool
    ) -> None:
        self._door = door
        self.budget = budget
        self.cut = cut
        self.counted = counted
        self.address = ""
        self.network: Network | None = None
        self.known = False
        self.gone = False

    def comes_from(self, address: str) -> None:
        """It is known by now where the connection comes from."""
        self._door.place(self, address)

    def is_of(self, user_id: str) -> None:
        """The connection has shown a session of this user."""
        self._door.know(self, user_id)

    def leave(self) -> None:
        self._door.leave(self)


class Network:
    """Who is connected from one address, or from one /64 of IPv6."""

    __slots__ = ("name", "strangers", "visits")

    def __init__(self, name: str) -> None:
        self.name = name
        self.visits = 0
        self.strangers: dict[Visit, None] = {}
        """The one that has waited longest comes first."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many connections there may be."""

    of_address: int
    strangers_of_address: int
    in_all: int
    strangers: int


class Door:
    """Shared by all ports.

    Where there are too many connections, the stranger who has waited longest makes room: of the
    same address, or of all where there are too many in all. Who is known never has to.
    """

    def __init__(self, pace: Pace, places: Places, limits: Limits, *, limited: bool) -> None:
        """`limited`: whether work has a budget."""
        self._pace = pace
        self._places = places
        self._at_once_s = limits.work_at_once_s
        self._stranger_share = limits.stranger_work_s if limited else math.inf
        self._user_share = limits.user_work_s if limited else math.inf
        self._budgets: Recent[tuple[str, str], Budget] = Recent(_REMEMBERED)
        self._networks: dict[str, Network] = {}
        self._strangers: dict[Visit, None] = {}
        self._inside = 0
        self.cut: Counter[str] = Counter({"address": 0, "in all": 0, "debt": 0})
        """Connections that had to make room, and why."""

    def enter(self, cut: Callable[[], None], *, counted: bool = True) -> Visit:
        """A connection of which is not known yet where it comes from. `cut` ends it at once.

        One that is not `counted` takes no place of those in all.
        """
        budget = Budget(self._stranger_share, self._at_once_s)
        visit = Visit(self, budget, cut, counted=counted)
        if counted:
            self._inside += 1
        self._strangers[visit] = None
        self._make_room("in all", self._strangers, self._too_many_in_all)
        return visit

    def turns_away(self, address: str) -> bool:
        """Whether so much work was done for the address that it would have to wait too long."""
        budget = self._budgets.get(("address", network_of(address)))
        if budget is None or self._pace.wait_s(budget) < DEBT_S:
            return False
        self.cut["debt"] += 1
        return True

    def place(self, visit: Visit, address: str) -> None:
        if visit.gone:
            return
        self._remove_from_network(visit)
        name = network_of(address)
        network = self._networks.setdefault(name, Network(name))
        network.visits += 1
        visit.address, visit.network = address, network
        if not visit.known:
            network.strangers[visit] = None
            visit.budget = self._budget("address", name, self._stranger_share)
        self._pace.charge(visit.budget, CONNECTION_S)
        self._make_room("address", network.strangers, lambda: self._too_many_of(network))

    def know(self, visit: Visit, user_id: str) -> None:
        visit.known = True
        self._strangers.pop(visit, None)
        if visit.network is not None:
            visit.network.strangers.pop(visit, None)
        visit.budget = self._budget("user", user_id, self._user_share)

    def leave(self, visit: Visit) -> None:
        if visit.gone:
            return
        visit.gone = True
        self._inside -= visit.counted
        self._strangers.pop(visit, None)
        self._remove_from_network(visit)

    def _budget(self, kind: str, name: str, share: float) -> Budget:
        budget = self._budgets.get((kind, name))
        if budget is None:
            budget = Budget(share, self._at_once_s)
            self._budgets.put((kind, name), budget)
        return budget

    def _remove_from_network(self, visit: Visit) -> None:
        network, visit.network = visit.network, None
        if network is None:
            return
        network.visits -= 1
        network.strangers.pop(visit, None)
        if not network.visits:
            del self._networks[network.name]

    def _too_many_of(self, network: Network) -> bool:
        return (
            network.visits > self._places.of_address
            or len(network.strangers) > self._places.strangers_of_address
        )

    def _too_many_in_all(self) -> bool:
        return self._inside > self._places.in_all or len(self._strangers) > self._places.strangers

    def _make_room(
        self, why: str, strangers: dict[Visit, None], too_many: Callable[[], bool]
    ) -> None:
        while strangers and too_many():
            longest = next(iter(strangers))
            self.cut[why] += 1
            self.leave(longest)
            longest.cut()
