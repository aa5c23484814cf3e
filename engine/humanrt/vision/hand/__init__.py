"""Finding hands, their points, and how their fingers are held."""
