"""Tables: reading them, recognising what y is, and encoding columns as numbers."""
