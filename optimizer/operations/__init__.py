"""From hours to value coefficients and blocks, in numpy only."""
