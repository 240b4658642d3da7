"""Constraint families of power contracts, one file a form."""
