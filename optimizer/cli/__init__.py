"""The command line: one file a command, nothing heavy loaded before it is needed."""
