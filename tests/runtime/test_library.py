import os
import subprocess
import sys
from importlib import metadata

import pytest

from humanrt.errors import MissingDependencyError
from humanrt.runtime import library


def test_the_module_is_onnxruntime():
    assert library.onnxruntime() is sys.modules["onnxruntime"]


def test_telemetry_is_off(tmp_path, negation):
    """ONNX Runtime's telemetry creates a folder in the user's cache."""
    program = f"from humanrt.engine import Engine, internals; internals(Engine('cpu')).load({str(negation)!r})"
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    homes = {**environment, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", program], env=homes, check=True)
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name.lower()]


def test_without_onnx_runtime_the_error_names_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match=r'"humanrt\[cpu\]".*"humanrt\[gpu\]"') as caught:
        library.onnxruntime()
    assert caught.value.name == "onnxruntime"


def test_sessions_have_no_threads_and_keep_no_patterns():
    options = library.session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert not options.enable_mem_pattern
    folded = options.get_session_config_entry("optimization.constant_folding_max_output_size_in_bytes")
    assert int(folded) == library.FOLDED_BYTES


def test_the_first_gpu_is_not_named():
    """ONNX Runtime writes a warning to standard error for each model if it is."""
    assert "device_id" not in library.cuda_options(0)
    assert library.cuda_options(2)["device_id"] == 2


def test_importing_the_package_does_not_import_onnxruntime():
    program = "import sys, humanrt.runtime; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_installed_distributions_are_listed_with_their_versions(monkeypatch):
    def version(name):
        if name == "onnxruntime-gpu":
            return "1.2.3"
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert library.installed_distributions() == {"onnxruntime-gpu": "1.2.3"}
