"""`./dev texts`: find the texts of the client, and bring the catalogues up to date."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

CLIENT = Path(__file__).parents[2] / "client_tk"
LANGUAGES = ["it"]
_KEYWORDS = {"_": None, "ngettext": (1, 2)}


def found() -> Catalog:
    """Every text in the sources."""
    catalog = Catalog(domain="ruggine", project="Ruggine")
    for name, line, message, comments, context in extract_from_dir(
        CLIENT, [("**.py", "python")], keywords=_KEYWORDS
    ):
        catalog.add(message, None, [(f"client_tk/{name}", line)], context=context,
                    auto_comments=comments)  # fmt: skip
    return catalog


def path_of(language: str) -> Path:
    return CLIENT / "locale" / language / "LC_MESSAGES" / "ruggine.po"


def read(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, domain="ruggine")


def compiled(catalog: Catalog) -> bytes:
    """What gettext reads."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def main() -> None:
    """Says what is still to be translated; exits with 1 if there is anything."""
    missing = 0
    for language in LANGUAGES:
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = read(language) if path.exists() else Catalog(language, "ruggine")
        catalog.update(found(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.project, catalog.fuzzy = "Ruggine", False
        catalog.header_comment = "# The texts of Ruggine's desktop client."
        with path.open("wb") as file:
            write_po(file, catalog, width=100, include_lineno=False, sort_output=True)
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        open_ = [m.id for m in catalog if m.id and not all(_texts(m.string or ""))]
        missing += len(open_)
        for message in open_:
            sys.stdout.write(f"{language}: {message!r}\n")
    sys.exit(1 if missing else 0)


def _texts(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    main()
