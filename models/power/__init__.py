"""Constraint families of power: what sites do in their hours."""
