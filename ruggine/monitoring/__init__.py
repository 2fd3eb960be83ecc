"""For who watches the daemon: metrics, the page that shows them, and the performance log.

Each part of the daemon counts what it does; here it is read, and nothing else.
"""
