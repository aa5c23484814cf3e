"""Configurations that switch Human's modules on and off."""

ON, OFF = {"enabled": True}, {"enabled": False}
# Most tests were written for the models of Human, which are faster than those of the default preset.
HUMANS = {"preset": "human"}
FACES_ALONE = {**HUMANS, **dict.fromkeys(("body", "hand", "gesture"), OFF)}
EVERYTHING = {**HUMANS, **dict.fromkeys(("object", "segmentation"), ON)}
