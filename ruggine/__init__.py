"""Ruggine: a self-hosted real-time chat. Start with `ruggine.tap`, which puts the parts together."""

__version__ = "0.1.0"
