"""The mathematics of wattfork in Pyomo, one family of constraints a file.

Users never import this package; `optimizer.api` is the only promised import.
"""
