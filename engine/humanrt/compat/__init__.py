"""Human's behaviour where ours differs: ``compat="human"``. Only ``human.py`` imports this package.

- ``precision.py``: how numbers are rounded, truncated and capped
- ``face.py``, ``body.py``, ``movenet.py``, ``hand.py``, ``object.py``, ``segmentation.py``: other preparations and
decoders,
  as subclasses of the families in ``vision/``
- ``people.py``: other rules for gestures and persons
"""

from humanrt.compat.body import BODY
from humanrt.compat.face import FACE
from humanrt.compat.hand import HAND
from humanrt.compat.object import OBJECT
from humanrt.compat.people import GESTURES, join_parts
from humanrt.compat.segmentation import SEGMENTATION
from humanrt.vision.families import Families

HUMAN = Families(FACE, BODY, HAND, OBJECT, SEGMENTATION, GESTURES, join_parts)

__all__ = ["HUMAN"]
