"""From instance to solution: the only package that knows HiGHS."""
