"""Work that needs other programs, without waiting for them."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

import pytest

from client_tk.errands import Child, Ended, Errand
from tests.client.errand import Errandboy, result_of
from tests.patience import stretched


def python(program: str, said: bytes = b"", patience_s: float = 15.0) -> Child:
    return Child((sys.executable, "-c", program), said, patience_s)


def run(child: Child) -> Errand[Ended]:
    return (yield child)


def test_what_a_child_reads_says_and_ends_with() -> None:
    echo = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.exit(3)"
    assert result_of(run(python(echo, b"ciao"))) == Ended(3, b"CIAO")


def test_a_child_after_the_other() -> None:
    def twice() -> Errand[bytes]:
        first = yield python("print(1)")
        second = yield python("print(2)")
        return first.said + second.said

    assert result_of(twice()) == b"1\n2\n"


@pytest.mark.parametrize(
    "arguments", [("/no/such/program",), (sys.executable, "a\0b"), (sys.executable, "\ud800")]
)
def test_a_child_that_cannot_begin(arguments: tuple[str, ...]) -> None:
    assert result_of(run(Child(arguments))) == Ended(None)


def test_a_child_that_never_ends_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    program = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    assert result_of(run(python(program, patience_s=1.5))) == Ended(None)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text("utf-8")), 0)


def test_the_window_does_not_wait() -> None:
    """Though one child reads nothing of what it is told, and leaves another that holds the pipe."""
    boy, results = Errandboy(), []
    program = "import subprocess; subprocess.Popen(['sleep', '5']); print('gone')"
    boy.errands.run(run(python(program, b"x" * 65536)), results.append)
    began_s = time.monotonic()
    boy.until(lambda: results)
    assert results == [Ended(0, b"gone\n")]
    assert time.monotonic() - began_s < stretched(4)
    assert boy.most_s < 0.5


def test_one_errand_after_the_other_and_each_tells() -> None:
    boy, order = Errandboy(), []

    def slow() -> Errand[str]:
        yield python("import time; time.sleep(0.2)")
        return "slow"

    def quick() -> Errand[str]:
        return "quick"
        yield

    boy.errands.run(slow(), order.append)
    boy.errands.run(quick(), order.append)
    boy.errands.run(slow(), order.append)
    assert order == []
    boy.until(lambda: len(order) == 3)
    assert order == ["slow", "quick", "slow"]


def test_an_errand_that_fails_says_only_how(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Errand[str]:
        yield python("pass")
        raise ValueError("a secret")

    with caplog.at_level(logging.WARNING):
        assert result_of(fail()) is None
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_who_is_told_may_give_the_next() -> None:
    boy, results = Errandboy(), []

    def told(ended: Ended | None) -> None:
        results.append(ended)
        if len(results) < 3:
            boy.errands.run(run(python("pass")), told)

    boy.errands.run(run(python("pass")), told)
    boy.until(lambda: len(results) == 3)


def test_closing_ends_what_was_begun_and_tells_nobody(tmp_path: Path) -> None:
    boy, results = Errandboy(), []
    path = tmp_path / "done"
    for text in ("1", "2"):
        boy.errands.run(run(python(f"open({str(path)!r}, 'a').write({text!r})")), results.append)
    boy.errands.close(patience_s=15)
    assert path.read_text("utf-8") == "12"
    boy.errands.run(run(python("import time; time.sleep(60)", patience_s=60)), results.append)
    began_s = time.monotonic()
    boy.errands.close(patience_s=0.3)
    assert time.monotonic() - began_s < stretched(2)
    assert results == []


def test_no_repr_shows_what_passes_through_the_pipes() -> None:
    assert "secret" not in repr((Child(("x",), b"secret"), Ended(0, b"secret")))
