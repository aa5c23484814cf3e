"""The formats that results are written in, apart from the records."""
