"""Segmentation: one family of models to a file, and how their outputs become labels, masks and a legend."""
