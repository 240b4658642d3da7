"""Two written plans side by side: what differs, and whether inputs or decisions are the cause."""
