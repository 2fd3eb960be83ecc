"""Text files are UTF-8 wherever the program runs: nothing leaves that to the locale."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    file for folder in ("ruggine", "client_tk", "benchmarks", "tests", "twisted")
    for file in sorted((ROOT / folder).rglob("*.py"))
]  # fmt: skip


def of_the_locale(source: str) -> Iterator[int]:
    """The lines that read or write text and do not say in which encoding."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_text(node) and not _says_encoding(node):
            yield node.lineno


def _is_text(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else _plain_name(call)
    if name in ("read_text", "write_text", "TextIOWrapper"):
        return True
    if name in ("open", "NamedTemporaryFile", "TemporaryFile", "fdopen"):
        return _is_text_mode(call, is_method=isinstance(call.func, ast.Attribute))
    return any(
        word.arg in ("text", "universal_newlines") and ast.unparse(word.value) == "True"
        for word in call.keywords
    )


def _plain_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_text_mode(call: ast.Call, *, is_method: bool) -> bool:
    """Of a method `open` only calls with a mode are certain to open a file."""
    words = [*call.args, *(word.value for word in call.keywords if word.arg == "mode")]
    texts = [word.value for word in words if isinstance(word, ast.Constant)]
    modes = [
        text for text in texts if isinstance(text, str) and text and set(text) <= set("rwabxt+")
    ]
    return "b" not in modes[-1] if modes else not is_method


def _says_encoding(call: ast.Call) -> bool:
    places = {"read_text": 0, "write_text": 1, "TextIOWrapper": 1}
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    by_place = name in places and len(call.args) > places[name]
    return by_place or any(word.arg in ("encoding", None) for word in call.keywords)


def test_every_text_file_says_its_encoding() -> None:
    assert len(SOURCES) > 100
    assert [
        f"{file.relative_to(ROOT)}:{line}"
        for file in SOURCES
        for line in of_the_locale(file.read_text("utf-8"))
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        "path.read_text()", "path.write_text(text)", "open(name)", 'open(name, "w")',
        'path.open("a")', "subprocess.run(command, text=True)", "io.TextIOWrapper(stream)",
        "tempfile.NamedTemporaryFile(mode='w')",
    ],
)  # fmt: skip
def test_one_that_does_not_is_found(source: str) -> None:
    assert list(of_the_locale(source)) == [1]


@pytest.mark.parametrize(
    "source",
    [
        'path.read_text("utf-8")', 'path.write_text(text, "utf-8")', 'open(name, "rb")',
        'path.open("ab", buffering=0)', "window.open()", "database.open(path)",
        'subprocess.run(command, encoding="utf-8")', 'os.open(path, os.O_RDONLY)',
    ],
)  # fmt: skip
def test_one_that_does_is_not(source: str) -> None:
    assert list(of_the_locale(source)) == []
