"""How results are shown to people: the terminal. Reads plans, decides nothing."""
