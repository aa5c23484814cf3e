"""Hands: detectors, skeletons, and the curl of the fingers."""
