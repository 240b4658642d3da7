"""Constraint families of debt, one file an instrument."""
