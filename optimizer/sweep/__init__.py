"""Many cases side by side: what to vary, and where to run it."""
