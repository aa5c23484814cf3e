"""Segmentation, one family of model to a file, and how what they say becomes labels, masks and a legend."""
