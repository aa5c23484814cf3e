import logging
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from humanrt.errors import DeviceError, MissingDependencyError
from humanrt.runtime import device as module
from humanrt.runtime.device import Device, Devices, NvidiaProbe, device_report, resolve_device

CPU = Device("cpu", "cpu", 0, "CPUExecutionProvider")


class Machine:
    """A machine with the given answers to the probe; by default one GPU that works."""

    def __init__(self, gpus=1, provider=True, error=None):
        self.gpus, self.provider, self.error = gpus, provider, error
        self.proofs = []

    def count_gpus(self):
        if isinstance(self.gpus, DeviceError):
            raise self.gpus
        return self.gpus

    def has_provider(self):
        return self.provider

    def run_on(self, index):
        self.proofs.append(index)
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("name", "index"),
    [("auto", 0), ("cuda", 0), ("cuda:0", 0), ("cuda:1", 1)],
    ids=["auto", "cuda", "cuda:0", "cuda:1"],
)
def test_a_gpu_that_works_is_used(name, index, caplog):
    machine = Machine(gpus=2)
    assert Devices(machine).resolve(name) == Device(f"cuda:{index}", "cuda", index, "CUDAExecutionProvider")
    assert machine.proofs == [index]
    assert caplog.records == []


def test_the_cpu_is_not_probed():
    machine = Machine()
    assert Devices(machine).resolve("cpu") == CPU
    assert machine.proofs == []


def test_each_gpu_is_probed_once():
    machine = Machine(gpus=2)
    devices = Devices(machine)
    for name in ("cuda", "auto", "cuda:0", "cuda:1", "cuda:1"):
        devices.resolve(name)
    assert machine.proofs == [0, 1]


UNUSABLE = {
    "driver broken": (Machine(gpus=DeviceError("the driver does not work here")), "the driver does not work here"),
    "no GPU": (Machine(gpus=0), "counts 0 GPUs"),
    "no provider": (Machine(provider=False), "built without CUDA"),
    "no driver": (Machine(gpus=None), "onnxruntime-gpu is installed"),
    "proof failed": (Machine(error=DeviceError("libcudnn.so.9 is missing")), "libcudnn.so.9 is missing"),
}


@pytest.mark.parametrize(("machine", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_gpu_that_does_not_work_is_refused_and_auto_falls_back_with_a_warning(machine, reason, caplog):
    devices = Devices(machine)
    with pytest.raises(DeviceError, match=f'^.cuda. cannot be used: .*{reason}.*Use "cpu"'):
        devices.resolve("cuda")
    assert caplog.records == [], "an error that is raised is not logged as well"

    fallen_back = [devices.resolve("auto") for _ in range(3)]
    assert [device.name for device in fallen_back] == ["cpu"] * 3
    assert reason in fallen_back[0].reason
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.name.startswith("humanrt.")
    assert reason in record.getMessage()


def test_a_machine_without_driver_and_provider_falls_back_silently(caplog):
    device = Devices(Machine(gpus=None, provider=False)).resolve("auto")
    assert device == Device("cpu", "cpu", 0, "CPUExecutionProvider", "there is no NVIDIA driver")
    assert caplog.records == []


def test_an_index_beyond_the_gpus_is_refused():
    with pytest.raises(DeviceError, match="counts 2 GPUs"):
        Devices(Machine(gpus=2)).resolve("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "cuda:one", "CPU", "", "auto "])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(DeviceError, match='use "auto", "cpu", "cuda"'):
        resolve_device(name)


def test_the_reason_names_two_installed_packages(monkeypatch):
    monkeypatch.setattr(module, "installed_distributions", lambda: {"onnxruntime": "1", "onnxruntime-gpu": "1"})
    with pytest.raises(DeviceError, match=r'uninstall both, then pip install "humanrt\[gpu\]"\. Use'):
        Devices(Machine(provider=False)).resolve("cuda")


def test_the_reason_names_the_package_without_cuda(monkeypatch):
    monkeypatch.setattr(module, "installed_distributions", lambda: {"onnxruntime": "1"})
    with pytest.raises(DeviceError, match=r'pip uninstall onnxruntime, then pip install "humanrt\[gpu\]"\. Use'):
        Devices(Machine(provider=False)).resolve("cuda")


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda"])
def test_without_onnx_runtime_every_device_is_refused(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="humanrt\\[cpu\\]"):
        resolve_device(name)


def test_the_cpu_of_this_machine():
    assert resolve_device("cpu") == CPU


class Driver:
    """A driver library that fails with a status, or counts GPUs."""

    def __init__(self, init=0, count=0, gpus=2):
        self.init, self.count, self.gpus = init, count, gpus

    def cuInit(self, flags):  # noqa: N802  # the name in the driver
        assert flags == 0
        return self.init

    def cuDeviceGetCount(self, target):  # noqa: N802  # the name in the driver
        target._obj.value = self.gpus
        return self.count


def test_the_driver_counts_the_gpus():
    loaded = []
    assert NvidiaProbe(lambda name: loaded.append(name) or Driver(gpus=2)).count_gpus() == 2
    assert loaded == ["libcuda.so.1" if sys.platform != "win32" else "nvcuda.dll"]


def test_without_a_driver_the_count_is_none():
    def missing(name):
        raise OSError(name)

    assert NvidiaProbe(missing).count_gpus() is None


@pytest.mark.parametrize(
    ("driver", "meaning"),
    [
        (Driver(init=100), "error 100: there is no GPU"),
        (Driver(count=100), "error 100: there is no GPU"),
        (Driver(init=3), "error 3, as in a process forked"),
        (Driver(init=999), r"error 999\)"),
    ],
    ids=["cuInit", "cuDeviceGetCount", "forked", "unknown"],
)
def test_an_error_of_the_driver_is_raised_with_its_meaning(driver, meaning):
    with pytest.raises(DeviceError, match=meaning):
        NvidiaProbe(lambda _: driver).count_gpus()


def test_the_probe_of_a_missing_gpu_fails():
    """Also if ONNX Runtime lists CUDA."""
    with pytest.raises(DeviceError, match=r".+"):
        NvidiaProbe().run_on(99)


@pytest.fixture
def library(monkeypatch):
    """Replace ONNX Runtime by one that notes in ``called`` how it is called: the tests run without a GPU."""
    import onnxruntime

    class InferenceSession:
        def __init__(self, model, options, *, providers, enable_fallback):
            fallback = options.get_session_config_entry("session.disable_cpu_ep_fallback")
            noted.called.update(providers=providers, enable_fallback=enable_fallback, fallback=fallback)

        def run(self, outputs, feeds):
            noted.called["ran"] = feeds

    noted = SimpleNamespace(
        called={},
        InferenceSession=InferenceSession,
        SessionOptions=onnxruntime.SessionOptions,
        OrtValue=SimpleNamespace(
            ortvalue_from_numpy=lambda array, kind, index: noted.called.update(allocated=(kind, index))
        ),
        preload_dlls=lambda: print("Failed to load libcudnn.so.9"),
    )
    monkeypatch.setattr(module, "onnxruntime", lambda: noted)
    return noted


def test_the_probe_disables_the_fallback_to_the_cpu(library, capsys):
    NvidiaProbe().run_on(1)
    assert library.called == {
        "allocated": ("cuda", 1),
        "providers": [("CUDAExecutionProvider", module.cuda_options(1))],
        "enable_fallback": 0,
        "fallback": "1",
        "ran": {"x": np.ones((1, 1, 1, 1), np.float32)},
    }
    assert capsys.readouterr() == ("", ""), "standard output belongs to the program"


def test_the_error_of_the_probe_names_the_missing_library(library):
    def fail(array, kind, index):
        raise RuntimeError("CUDA Provider not available")

    library.OrtValue.ortvalue_from_numpy = fail
    with pytest.raises(DeviceError, match=r"CUDA Provider not available Failed to load libcudnn\.so\.9"):
        NvidiaProbe().run_on(1)


def test_the_model_of_one_node_is_what_the_package_onnx_writes():
    import onnx
    from onnx import TensorProto, helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 1, 1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Conv", ["x", "x"], ["y"])], "p", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    written = onnx.load_model_from_string(module.ONE_NODE_MODEL)
    onnx.checker.check_model(written)
    assert written == model


def test_onnx_runtime_runs_the_model_of_one_node():
    import onnxruntime

    session = onnxruntime.InferenceSession(module.ONE_NODE_MODEL, providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, {"x": np.full((1, 1, 1, 1), -2, np.float32)})[0], [[[[4]]]])


def test_the_report_of_this_machine(monkeypatch, caplog):
    import onnxruntime

    monkeypatch.setattr(module, "_devices", Devices(Machine(error=DeviceError("no cuDNN"))))
    report = device_report()
    assert report.onnxruntime == onnxruntime.__version__
    assert report.providers == tuple(onnxruntime.get_available_providers())
    assert report.device == "cpu"
    assert "no cuDNN" in report.reason
    assert report.cpu_budget == module.cpu_budget()
    assert caplog.records == []


def test_the_report_without_onnx_runtime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    report = device_report()
    assert (report.onnxruntime, report.device, report.providers) == (None, None, ())
    assert "humanrt[gpu]" in report.reason
