"""The one module that imports OpenCV."""

import functools
import os
from types import ModuleType

from humanrt.errors import MissingDependencyError

# No picture with more pixels is decoded, whatever the limit of the caller.
PIXEL_CEILING = 2**28


@functools.cache
def load_cv2() -> ModuleType:
    """Import OpenCV at its first use and configure it for this process.

    The limit of pixels and the log level take effect only if the application did not import cv2 earlier; environment
    variables that it has set take precedence. The logs of OpenCV and of its FFmpeg are switched off because each fault
    that they would report is raised as an error; libpng and libjpeg still write a line about damaged data to standard
    error themselves.

    Raises ``MissingDependencyError`` if cv2, or a system library that it needs, is not installed.
    """
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(PIXEL_CEILING))
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
    try:
        import cv2
    except ImportError as error:
        raise MissingDependencyError(
            f"OpenCV cannot be imported: {error}. Install it with `pip install opencv-python`; if libGL or glib is "
            "missing, `pip uninstall opencv-python` and `pip install opencv-python-headless`, which needs neither"
        ) from error
    # The scheduler spreads the work over threads: a pool of OpenCV's own would only add context switches.
    cv2.setNumThreads(1)
    return cv2
