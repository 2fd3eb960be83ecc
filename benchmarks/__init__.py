"""Speed and memory of a running daemon, measured from outside: `./dev bench --help`."""
