"""The native desktop client. It imports `ruggine.wire` and `ruggine.errors`, nothing else of ours."""
