"""Finding faces, meshing them, and describing them."""
