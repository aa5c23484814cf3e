"""Finding bodies and their parts."""
