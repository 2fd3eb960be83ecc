"""The two protocols as values: pure, no I/O. The one package that the desktop client shares."""
