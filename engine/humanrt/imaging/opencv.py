"""The one door to OpenCV."""

import functools
import os
from types import ModuleType

from humanrt.errors import MissingDependencyError

# No picture with more pixels is decoded, whatever its header claims and whatever limit a caller sets.
PIXEL_CEILING = 2**28


@functools.cache
def load_cv2() -> ModuleType:
    """Import OpenCV at its first use and set it up for this process.

    The limit and the log level act only where the application did not import cv2 earlier, and its own environment
    variables win. OpenCV's own log goes silent because every fault it would report is raised as an error; libpng and
    libjpeg still write a line about damaged data to stderr themselves.

    Raises MissingDependencyError where cv2, or a system library under it, is not installed.
    """
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(PIXEL_CEILING))
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    try:
        import cv2
    except ImportError as error:
        raise MissingDependencyError(
            f"OpenCV cannot be imported: {error}. Install it with `pip install opencv-python`; where libGL or glib is "
            "the missing part, `pip uninstall opencv-python` and `pip install opencv-python-headless` does without them"
        ) from error
    # Work is spread over the engine's own threads: OpenCV's pool beside them only adds switching.
    cv2.setNumThreads(1)
    return cv2
