"""One family of model to a file: prepare() makes its input, decode() reads its output. No task knows another."""
