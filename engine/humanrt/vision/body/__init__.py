"""Bodies: one family of models to a file."""
