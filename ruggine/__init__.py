"""Ruggine: a self-hosted real-time chat. `ruggine.tap` puts the parts together."""

__version__ = "0.1.0"
