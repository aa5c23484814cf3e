"""Objects: one family of models to a file."""
