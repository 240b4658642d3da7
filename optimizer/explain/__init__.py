"""Why a written plan is as it is: what limits it, what more would be worth, what was refused, what would change it."""
