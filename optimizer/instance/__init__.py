"""From case, market and operations to the frozen arrays that the models read."""
