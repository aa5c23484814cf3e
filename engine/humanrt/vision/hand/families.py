"""The families of hand models, and which of their hands are kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from humanrt.config import HandConfig
from humanrt.result import Hand
from humanrt.tensors import non_max_suppression
from humanrt.vision.hand.detector import HandDetector
from humanrt.vision.hand.handdetect import HANDDETECT
from humanrt.vision.hand.handtrack import HANDTRACK
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import SKELETON, SkeletonFamily


@dataclass(frozen=True)
class HandFamilies:
    """The families that ``detect_hands()`` chooses from; ``compat/`` has another instance."""

    detectors: tuple[HandDetector, ...] = (HANDTRACK, HANDDETECT)
    skeleton: SkeletonFamily = SKELETON
    recorder: Callable[[int, int, HandConfig], HandRecorder] = HandRecorder

    def runs_for(self, limit: int) -> bool:
        """Return whether models are run if at most ``limit`` hands are wanted."""
        return limit > 0

    def choose(self, hands: Sequence[Hand], limit: int, settings: HandConfig) -> list[Hand]:
        """Return the best hands, best first, without those that overlap a better one."""
        boxes = np.array([hand.box for hand in hands], np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        scores = np.array([hand.score for hand in hands], np.float32)
        return [hands[i] for i in non_max_suppression(boxes, scores, limit, settings.iou_threshold, -inf)]
