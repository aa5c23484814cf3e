"""What a model's classes are called, and the colours and numbers that they have in a result."""

from functools import cache

from humanrt.errors import ConfigError
from humanrt.result import Segment
from humanrt.zoo import TensorSpec

BACKGROUND = "background"
# Labels are bytes, and 0 is the background.
MOST = 255


class Classes:
    """The labels of a card's output, and their colours where it has some.

    If the first is "background", the labels of a result count as the model's classes do; else they begin with 1.
    """

    def __init__(self, spec: TensorSpec) -> None:
        self._names = spec.labels
        self._colors = spec.colors
        self._first = 0 if spec.labels[:1] == (BACKGROUND,) else 1
        if len(self) == 0 or self.label(len(self) - 1) > MOST:
            raise ConfigError(f"the card of a segmentation model names 1 to {MOST} labels; this one names {len(self)}")

    def __len__(self) -> int:
        return len(self._names)

    def label(self, index: int) -> int:
        """Return the label of the model's class ``index``; 0 is the background."""
        return index + self._first

    def segment(self, label: int, area: int, score: float) -> Segment:
        """Describe what was found of a class."""
        index = label - self._first
        color = self._colors[index] if self._colors else palette(label)
        return Segment(label, self._names[index], color, area, score)


@cache
def palette(label: int) -> tuple[int, int, int]:
    """Return a colour for a label, 0..255, unlike those of its neighbours: the colour map of PASCAL VOC.

    Every third bit of the label goes to the same channel, the lowest to the channel's highest.
    """
    bits = [label >> place & 1 for place in range(9)]
    red, green, blue = (sum(bit << 7 - i for i, bit in enumerate(bits[channel::3])) for channel in range(3))
    return red, green, blue
