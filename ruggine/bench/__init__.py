"""`ruggine bench`: what a daemon does in a second, and how long a message takes."""
