"""What importing humanrt gives, and what it costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import humanrt
from humanrt import errors

PUBLIC = """
    Angle Body BodyConfig BodyDetectorConfig Config Emotion Engine Face FaceAntispoofConfig FaceAttentionConfig
    FaceConfig FaceDescriptionConfig FaceDetectorConfig FaceEmotionConfig FaceGearConfig FaceInsightfaceConfig
    FaceIrisConfig FaceLivenessConfig FaceMeshConfig FaceMobilefacenetConfig FaceSsrnetConfig FilterConfig Finger
    Gaze Gesture GestureConfig GraphModel Hand HandConfig HandDetectorConfig HandSkeletonConfig Hands Human Kernel
    Keypoint LeakReport LeakRow Memory Object ObjectConfig Person Profile Race Result Rotation Scope Segment
    Segmentation SegmentationConfig Session Tensor Timing Variable
"""


def test_the_public_names_are_frozen():
    assert sorted(humanrt.__all__) == PUBLIC.split()
    assert all(hasattr(humanrt, name) for name in humanrt.__all__)


def test_every_error_is_drawn_in_the_tree():
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    drawn = {word for word in errors.__doc__.replace("(", " ").split() if word.endswith("Error")}
    assert kinds <= drawn
    for name in kinds - {"HumanRTError"}:
        assert issubclass(getattr(errors, name), errors.HumanRTError)


def in_a_new_process(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_importing_is_light():
    heavy = {"onnxruntime", "onnx", "cv2", "PIL"}
    code = f"import sys, humanrt; print(sorted(set(sys.modules) & {heavy | {'numpy'}}))"
    assert in_a_new_process(code).strip() == "[]"
    code = f"import sys; from humanrt import *; print(sorted(set(sys.modules) & {heavy}))"
    assert in_a_new_process(code).strip() == "[]"


def test_names_are_found_and_others_are_not():
    assert humanrt.errors is errors
    assert set(humanrt.__all__) < set(dir(humanrt))
    with pytest.raises(AttributeError, match="module 'humanrt' has no attribute 'Egnine'"):
        humanrt.Egnine  # noqa: B018 - asked for to see it fail


@pytest.mark.slow
def test_logging_is_silent_by_default(tmp_path):
    picture = Path(__file__).parent / "pictures" / "human_face.png"
    code = f"""
import asyncio, humanrt
async def main():
    async with humanrt.Human() as human:
        (await human.detect({str(picture)!r})).dispose()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_only_the_floors_that_may_import_the_big_libraries():
    """The import contracts see plain imports; these see lazy ones, which name a module in a string, too."""
    root = Path(humanrt.__file__).parent
    rooms = {"onnxruntime": ["runtime"], "onnx": ["tfjs", "model_files"], "cv2": ["imaging"]}
    for library, allowed in rooms.items():
        for path in root.rglob("*.py"):
            if path.relative_to(root).parts[0] not in allowed:
                text = path.read_text()
                assert f"import {library}\n" not in text, path
                assert f'import_module("{library}")' not in text, path
