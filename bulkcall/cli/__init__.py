"""The command line: one file a command. It does nothing that the Python API can't."""
