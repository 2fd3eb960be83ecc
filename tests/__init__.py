"""Tests mirror the packages one to one; plays and end-to-end tests stand beside them."""
