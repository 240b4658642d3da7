"""Facilities, limits and ring-fences of a case -> arrays of the model. Rules: docs/figures_capital.md."""
