"""The public names of the package, and the cost of importing it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import humanrt
from humanrt import errors

PUBLIC = """
    Angle Animation Batch Body BodyConfig BodyDetectorConfig Config DetectionProfile DrawOptions EmbeddingStore
    Emotion Engine Env Event Events Extraction Face FaceAntispoofConfig FaceAttentionConfig FaceConfig
    FaceDescriptionConfig FaceDetectorConfig FaceEmotionConfig FaceGearConfig FaceInsightfaceConfig FaceIrisConfig
    FaceLivenessConfig FaceMeshConfig FaceMobilefacenetConfig FaceQuality FaceSsrnetConfig FilterConfig Finger Gaze
    Gesture GestureConfig GraphModel Hand HandConfig HandDetectorConfig HandSkeletonConfig Hands Human HumanSync
    ImageConfig Kernel Keypoint LeakReport LeakRow Memory ModelInfo ModelStats ModelTime ModelsView Object
    ObjectConfig OperatingPoint Person Profile Race Result Rotation Row Scope Segment Segmentation
    SegmentationConfig Session Stream StreamStatistics Tensor Timing TrackingConfig Variable __version__ crop_faces
    draw_result match read_picture write_picture write_png
"""
MODULES = "config errors imaging matching pytest_plugin result tensors tfjs watch workers zoo"


def test_the_public_names_are_frozen():
    assert humanrt.__all__ == sorted(humanrt.__all__) == PUBLIC.split()
    assert dir(humanrt) == sorted([*PUBLIC.split(), *MODULES.split()])
    assert [name for name in dir(humanrt) if not hasattr(humanrt, name)] == []


def test_type_checkers_and_the_import_at_first_use_find_names_in_the_same_modules():
    (tree,) = [node for node in ast.parse(Path(humanrt.__file__).read_text()).body if isinstance(node, ast.If)][:1]
    imported = {alias.name: node.module for node in tree.body for alias in node.names}
    assert imported == {name: f"humanrt.{module}" for name, module in humanrt._HOMES.items()}
    assert sorted([*imported, "__version__"]) == humanrt.__all__
    for name, module in imported.items():
        assert getattr(humanrt, name) is getattr(sys.modules[module], name)


def test_the_tree_of_errors_is_complete():
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    drawn = {word for word in errors.__doc__.replace("(", " ").split() if word.endswith("Error")}
    assert kinds <= drawn
    for name in kinds - {"HumanRTError"}:
        assert issubclass(getattr(errors, name), errors.HumanRTError)


def in_a_new_process(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


# Imported at the first use: large libraries, and modules that only some calls need.
LATER = {
    "onnxruntime",
    "onnx",
    "cv2",
    "PIL",
    "filelock",
    "platformdirs",
    "tomllib",
    "importlib.metadata",
    "humanrt.tfjs",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "later"),
    [
        ("import humanrt", LATER | {"numpy", "asyncio", "typing", "humanrt.config", "humanrt.errors"}),
        ("from humanrt import Human", LATER),
        ("from humanrt import *", LATER),
    ],
)
def test_importing_is_light(statement, later):
    code = f"import sys; before = set(sys.modules); {statement}; print(sorted((set(sys.modules) - before) & {later}))"
    assert in_a_new_process(code).strip() == "[]"


def test_unknown_names_raise_an_attribute_error():
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


def test_large_libraries_are_imported_in_their_folders_only():
    """Import contracts check plain imports; this checks those that name a module in a string as well."""
    root = Path(humanrt.__file__).parent
    rooms = {"onnxruntime": ["runtime"], "onnx": ["tfjs", "model_files"], "cv2": ["imaging"]}
    for library, allowed in rooms.items():
        for path in root.rglob("*.py"):
            if path.relative_to(root).parts[0] not in allowed:
                text = path.read_text()
                assert f"import {library}\n" not in text, path
                assert f'import_module("{library}")' not in text, path
