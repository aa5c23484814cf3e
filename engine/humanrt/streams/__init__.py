"""Video: what its frames leave for one another."""
