"""Attacks on a real daemon over real sockets, one file for each kind.

In the suite each is small, and a test says what the daemon does about it. `./dev hostile` plays all
of them at full size beside two people who talk, and prints what those two felt.
"""
