"""`python -m client_tk`, and the console script `ruggine-tk`."""

from __future__ import annotations

import argparse
from pathlib import Path

from client_tk import diary
from client_tk.settings import Profile
from ruggine import terminal


@terminal.output()
def main() -> None:
    """Exits with 2 for what it does not understand, and 1 where no window can be opened."""
    parser = argparse.ArgumentParser(
        prog="ruggine-tk", description="The desktop client of Ruggine, a chat you host yourself."
    )
    parser.add_argument(
        "--profile", default="default", metavar="NAME",
        help="keep another account beside this one: each profile has its own settings and cache",
    )  # fmt: skip
    parser.add_argument(
        "--folder", type=Path, metavar="DIR",
        help="keep settings and messages in this folder, such as one on a USB stick",
    )  # fmt: skip
    parser.add_argument(
        "--log-level", choices=diary.LEVELS, default="warning",
        help="tell what happens on standard output, but never what somebody has written",
    )  # fmt: skip
    chosen = parser.parse_args()
    diary.begin(chosen.log_level)
    try:
        profile = Profile(chosen.profile, folder=chosen.folder)
    except ValueError as error:
        parser.error(str(error))
    try:
        import tkinter as tk
    except ImportError:
        parser.exit(1, "ruggine-tk needs Tk (Debian: apt install python3-tk)\n")
    if not profile.claim():
        parser.exit(
            1,
            f"ruggine-tk is open already with the profile '{profile.name}'. Go to its window, or "
            "open another account beside it: ruggine-tk --profile NAME\n",
        )
    from client_tk.app import App

    try:
        App(profile).run()
    except tk.TclError as error:
        if "display" not in str(error):
            raise
        parser.exit(1, f"ruggine-tk cannot open a window: {error}\n")


if __name__ == "__main__":
    main()
