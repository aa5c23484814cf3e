"""Which task feeds which, from the pixels of a picture to everything that is in it; one module of Human to a file."""
