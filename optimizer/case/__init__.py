"""The case file: its schema, its reader with positions, and the checks on it."""
