"""Rebuilds every table of a plan from the case, the prices and the decisions. Judges nothing and reads no plan."""
