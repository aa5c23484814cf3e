"""Detections: stages that run models, a folder for each of Human's modules, and the list of the modules."""
