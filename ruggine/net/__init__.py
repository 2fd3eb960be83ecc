"""The two ports: bytes in, one domain call out."""
