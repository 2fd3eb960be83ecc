"""The native desktop client. Of the daemon it imports `ruggine.wire` and `ruggine.errors`."""
