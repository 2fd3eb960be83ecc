"""The WebSocket port held against the test suite of RFC 6455 that everybody uses, by hand."""
