"""What was chosen, and what the system allows."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping

from ruggine import config
from ruggine.config import Config
from ruggine.doctor.finding import Finding, fault, ok, warning
from ruggine.errors import StartError

_LEAST_FILES = 4096


def read(given: Mapping[str, str | None]) -> tuple[Config | None, Finding]:
    """The configuration, if it can be read."""
    try:
        chosen = config.load(given)
    except StartError as error:
        return None, fault("configuration", str(error))
    unknown = config.unknown_variables()
    if unknown:
        text = f"{', '.join(unknown)} in the environment is no option of Ruggine"
        return chosen, warning("configuration", f"{text}; correct or remove it")
    return chosen, ok("configuration", "can be read")


def check_settings(chosen: Config) -> Iterator[Finding]:
    """What is allowed, and what an operator should know that they have chosen."""
    if chosen.durability == "relaxed":
        yield warning("durability", "relaxed: a power cut may cost what was acknowledged last")
    if chosen.rates is None:
        yield warning("rate limits", "off: anybody can be as fast as they like")
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < _LEAST_FILES:
        text = f"{files} open files, and so fewer connections; ulimit -n {_LEAST_FILES}"
        yield warning("open files", text)
    else:
        yield ok("open files", "as many as are needed")
