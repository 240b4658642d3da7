"""Recomputes a written plan from the case and the prices alone, without the code that made it."""
