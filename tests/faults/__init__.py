"""Faults of every kind under load, and the checker's word on what came of it."""
