"""Human's modules, switched on and off."""

ON, OFF = {"enabled": True}, {"enabled": False}
FACES_ALONE = dict.fromkeys(("body", "hand", "gesture"), OFF)
EVERYTHING = dict.fromkeys(("object", "segmentation"), ON)
