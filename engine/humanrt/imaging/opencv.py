"""The one module that imports OpenCV."""

import faulthandler
import functools
import os
import sys
from types import ModuleType

from humanrt.errors import MissingDependencyError

# No picture with more pixels is decoded, whatever the limit of the caller.
PIXEL_CEILING = 2**28
STANDARD_ERROR = 2


@functools.cache
def load_cv2() -> ModuleType:
    """Import OpenCV at its first use and configure it for this process.

    The limit of pixels and the log level take effect only if the application did not import cv2 earlier; environment
    variables that it has set take precedence. The logs of OpenCV and of its FFmpeg are switched off because each fault
    that they would report is raised as an error; libpng and libjpeg still write a line about damaged data to standard
    error themselves (``silence_decoders()``).

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


def silence_decoders() -> None:
    """Send to the null device what C libraries write to standard error, in a process that is wholly HumanRT's own.

    Python's standard error is where it was, and a crash still writes its traceback there. Child processes inherit the
    null device. Nothing is done if standard error is closed, or is not that of the process.
    """
    try:
        if sys.stderr is None or sys.stderr.fileno() != STANDARD_ERROR:
            return
        sys.stderr.flush()
        own = os.dup(STANDARD_ERROR)
    except (OSError, ValueError):
        return
    sys.stderr = open(own, "w", buffering=1, encoding=sys.stderr.encoding, errors=sys.stderr.errors)  # noqa: PTH123, SIM115
    faulthandler.enable(sys.stderr)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, STANDARD_ERROR)
    os.close(null)
