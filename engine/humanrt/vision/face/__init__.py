"""Faces: detectors, meshes, and models that describe them."""
