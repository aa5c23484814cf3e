"""Configurations that switch Human's modules on and off."""

ON, OFF = {"enabled": True}, {"enabled": False}
FACES_ALONE = dict.fromkeys(("body", "hand", "gesture"), OFF)
EVERYTHING = dict.fromkeys(("object", "segmentation"), ON)
