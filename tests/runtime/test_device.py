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
    """A machine as the probe sees it: by default one card that works."""

    def __init__(self, cards=1, provider=True, error=None):
        self.cards, self.provider, self.error = cards, provider, error
        self.proofs = []

    def count_cards(self):
        if isinstance(self.cards, DeviceError):
            raise self.cards
        return self.cards

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
def test_a_card_that_works(name, index, caplog):
    machine = Machine(cards=2)
    assert Devices(machine).resolve(name) == Device(f"cuda:{index}", "cuda", index, "CUDAExecutionProvider")
    assert machine.proofs == [index]
    assert caplog.records == []


def test_the_processor_is_not_proved():
    machine = Machine()
    assert Devices(machine).resolve("cpu") == CPU
    assert machine.proofs == []


def test_a_card_is_proved_once_in_a_process():
    machine = Machine(cards=2)
    devices = Devices(machine)
    for name in ("cuda", "auto", "cuda:0", "cuda:1", "cuda:1"):
        devices.resolve(name)
    assert machine.proofs == [0, 1]


UNUSABLE = {
    "driver broken": (Machine(cards=DeviceError("the driver does not work here")), "the driver does not work here"),
    "no card": (Machine(cards=0), "counts 0 cards"),
    "no provider": (Machine(provider=False), "built without CUDA"),
    "no driver": (Machine(cards=None), "onnxruntime-gpu is installed"),
    "proof failed": (Machine(error=DeviceError("libcudnn.so.9 is missing")), "libcudnn.so.9 is missing"),
}


@pytest.mark.parametrize(("machine", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_card_that_does_not_work(machine, reason, caplog):
    devices = Devices(machine)
    with pytest.raises(DeviceError, match=f'^.cuda. cannot be used: .*{reason}.*Use "cpu"'):
        devices.resolve("cuda")
    assert caplog.records == [], "an error that is raised needs no warning"

    fallen_back = [devices.resolve("auto") for _ in range(3)]
    assert [device.name for device in fallen_back] == ["cpu"] * 3
    assert reason in fallen_back[0].reason
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.name.startswith("humanrt.")
    assert reason in record.getMessage()


def test_a_plain_machine_falls_back_in_silence(caplog):
    device = Devices(Machine(cards=None, provider=False)).resolve("auto")
    assert device == Device("cpu", "cpu", 0, "CPUExecutionProvider", "there is no NVIDIA driver")
    assert caplog.records == []


def test_an_index_beyond_the_cards():
    with pytest.raises(DeviceError, match="counts 2 cards"):
        Devices(Machine(cards=2)).resolve("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "cuda:one", "CPU", "", "auto "])
def test_a_name_that_means_nothing(name):
    with pytest.raises(DeviceError, match='use "auto", "cpu", "cuda"'):
        resolve_device(name)


def test_both_packages_installed_is_named_as_the_reason(monkeypatch):
    monkeypatch.setattr(module, "installed_distributions", lambda: {"onnxruntime": "1", "onnxruntime-gpu": "1"})
    with pytest.raises(DeviceError, match="uninstall both"):
        Devices(Machine(provider=False)).resolve("cuda")


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda"])
def test_without_onnx_runtime_every_device_fails(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="humanrt\\[cpu\\]"):
        resolve_device(name)


def test_the_processor_of_this_machine():
    assert resolve_device("cpu") == CPU


class Driver:
    """A driver library that fails with a status, or counts cards."""

    def __init__(self, init=0, count=0, cards=2):
        self.init, self.count, self.cards = init, count, cards

    def cuInit(self, flags):  # noqa: N802  # the driver's name for it
        assert flags == 0
        return self.init

    def cuDeviceGetCount(self, target):  # noqa: N802  # the driver's name for it
        target._obj.value = self.cards
        return self.count


def test_the_driver_counts_the_cards():
    asked = []
    assert NvidiaProbe(lambda name: asked.append(name) or Driver(cards=2)).count_cards() == 2
    assert asked == ["libcuda.so.1" if sys.platform != "win32" else "nvcuda.dll"]


def test_there_is_no_driver():
    def missing(name):
        raise OSError(name)

    assert NvidiaProbe(missing).count_cards() is None


@pytest.mark.parametrize(
    ("driver", "meaning"),
    [
        (Driver(init=100), "error 100: there is no card"),
        (Driver(count=100), "error 100: there is no card"),
        (Driver(init=3), "error 3, as in a process forked"),
        (Driver(init=999), r"error 999\)"),
    ],
    ids=["cuInit", "cuDeviceGetCount", "forked", "unknown"],
)
def test_the_driver_fails(driver, meaning):
    with pytest.raises(DeviceError, match=meaning):
        NvidiaProbe(lambda _: driver).count_cards()


def test_a_card_that_is_not_there_is_found_out():
    """Whatever ONNX Runtime lists: on a machine without that card the proof fails."""
    with pytest.raises(DeviceError, match=r".+"):
        NvidiaProbe().run_on(99)


@pytest.fixture
def library(monkeypatch):
    """An ONNX Runtime that notes in `asked` what is asked of it: there is no card where the tests run."""
    import onnxruntime

    class InferenceSession:
        def __init__(self, model, options, *, providers, enable_fallback):
            fallback = options.get_session_config_entry("session.disable_cpu_ep_fallback")
            noted.asked.update(providers=providers, enable_fallback=enable_fallback, fallback=fallback)

        def run(self, outputs, feeds):
            noted.asked["ran"] = feeds

    noted = SimpleNamespace(
        asked={},
        InferenceSession=InferenceSession,
        SessionOptions=onnxruntime.SessionOptions,
        OrtValue=SimpleNamespace(
            ortvalue_from_numpy=lambda array, kind, index: noted.asked.update(allocated=(kind, index))
        ),
        preload_dlls=lambda: print("Failed to load libcudnn.so.9"),
    )
    monkeypatch.setattr(module, "onnxruntime", lambda: noted)
    return noted


def test_the_proof_forbids_the_processor(library, capsys):
    NvidiaProbe().run_on(1)
    assert library.asked == {
        "allocated": ("cuda", 1),
        "providers": [("CUDAExecutionProvider", module.cuda_options(1))],
        "enable_fallback": 0,
        "fallback": "1",
        "ran": {"x": np.ones((1, 1, 1, 1), np.float32)},
    }
    assert capsys.readouterr() == ("", ""), "standard output is the program's own"


def test_the_first_card_is_not_named():
    """ONNX Runtime would warn on standard error, at every model."""
    assert "device_id" not in module.cuda_options(0)
    assert module.cuda_options(2)["device_id"] == 2


def test_a_failed_proof_names_the_missing_library(library):
    def fail(array, kind, index):
        raise RuntimeError("CUDA Provider not available")

    library.OrtValue.ortvalue_from_numpy = fail
    with pytest.raises(DeviceError, match=r"CUDA Provider not available Failed to load libcudnn\.so\.9"):
        NvidiaProbe().run_on(1)


def test_the_model_of_one_node_is_what_onnx_writes():
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


def test_the_report_says_what_there_is(monkeypatch, caplog):
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
