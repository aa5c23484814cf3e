"""Objects: one family of model to a file."""
