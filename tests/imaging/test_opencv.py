import io
import os
import subprocess
import sys

import pytest

from humanrt.errors import MissingDependencyError
from humanrt.imaging.opencv import load_cv2, silence_decoders


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


SILENCED = """
import os, sys
from humanrt.imaging.opencv import silence_decoders
silence_decoders()
os.write(2, b"of a library")
print("of Python", file=sys.stderr)
os.abort()
"""


def test_libraries_are_silent_where_python_and_a_crash_are_not() -> None:
    done = subprocess.run([sys.executable, "-c", SILENCED], capture_output=True, text=True)
    assert done.stderr.startswith("of Python\nFatal Python error: Aborted")
    assert "of a library" not in done.stderr


@pytest.mark.parametrize("standard_error", [None, io.StringIO()])
def test_another_standard_error_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, standard_error) -> None:
    monkeypatch.setattr(sys, "stderr", standard_error)
    before = os.fstat(2)
    silence_decoders()
    assert sys.stderr is standard_error
    assert os.path.samestat(os.fstat(2), before)
