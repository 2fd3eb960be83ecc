"""What joins nodes. One small interface (`ruggine.domain.ports.Bus`), two ways: none, and Redis."""
