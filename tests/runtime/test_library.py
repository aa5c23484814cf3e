import subprocess
import sys
from importlib import metadata

import pytest

from humanrt.errors import MissingDependencyError
from humanrt.runtime import library


def test_the_module_is_onnx_runtime():
    assert library.onnxruntime() is sys.modules["onnxruntime"]


def test_without_onnx_runtime_the_error_names_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match=r'"humanrt\[cpu\]".*"humanrt\[gpu\]"') as caught:
        library.onnxruntime()
    assert caught.value.name == "onnxruntime"


def test_importing_the_room_imports_no_onnx_runtime():
    program = "import sys, humanrt.runtime; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_installed_distributions_are_listed_with_their_versions(monkeypatch):
    def version(name):
        if name == "onnxruntime-gpu":
            return "1.2.3"
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert library.installed_distributions() == {"onnxruntime-gpu": "1.2.3"}
