import os
import subprocess
import sys

import pytest

from humanrt.errors import MissingDependencyError
from humanrt.imaging.opencv import load_cv2


def test_importing_the_package_imports_neither_opencv_nor_pil() -> None:
    script = "import sys, humanrt.imaging; sys.exit(bool({'cv2', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_opencv_runs_on_one_thread_with_the_limit_in_place() -> None:
    script = (
        "import os; from humanrt.imaging.opencv import load_cv2; cv2 = load_cv2();"
        "print(cv2.getNumThreads(), os.environ['OPENCV_IO_MAX_IMAGE_PIXELS'])"
    )
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert output.split() == ["1", str(2**28)]


@pytest.mark.parametrize(("given", "expected"), [({}, "-8"), ({"OPENCV_FFMPEG_LOGLEVEL": "16"}, "16")])
def test_the_log_of_ffmpeg_is_off_unless_the_application_has_set_its_level(given, expected) -> None:
    """-8 is AV_LOG_QUIET."""
    script = (
        "import os; from humanrt.imaging.opencv import load_cv2; load_cv2();print(os.environ['OPENCV_FFMPEG_LOGLEVEL'])"
    )
    environment = {name: text for name, text in os.environ.items() if not name.startswith("OPENCV_")} | given
    command = [sys.executable, "-c", script]
    assert (
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout == f"{expected}\n"
    )


def test_the_error_for_a_missing_opencv_contains_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingDependencyError, match="pip install opencv-python"):
        load_cv2.__wrapped__()
