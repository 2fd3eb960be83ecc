"""Proof of delivery: people who chat through faults, and a checker of what they saw."""
