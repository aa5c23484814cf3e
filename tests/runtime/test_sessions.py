import gc
import hashlib
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from onnx import TensorProto, helper

from humanrt.errors import DeviceError, ModelDisposedError, ModelFormatError, ModelRunError, UnsupportedOpError
from humanrt.runtime import heap
from humanrt.runtime import sessions as module
from humanrt.runtime.device import Device
from humanrt.runtime.sessions import SessionStatistics

PATIENCE = 30  # seconds until a test that hangs gives up
CUDA = Device("cuda:1", "cuda", 1, "CUDAExecutionProvider")


def test_files_with_the_same_content_share_a_session(cache, cpu, double, tmp_path):
    """CONFORMANCE 40"""
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(double.path.read_bytes())
    first = cache.acquire(double.path, double.content_hash, cpu)
    second = cache.acquire(copy, double.content_hash, cpu)
    assert first.session is second.session
    assert cache.statistics() == SessionStatistics(created=1, live=1)

    first.release()
    np.testing.assert_array_equal(second.session.run(None, {"x": np.ones((1, 3), np.float32)})[0], [[2, 2, 2]])
    assert cache.statistics() == SessionStatistics(created=1, live=1)
    second.release()
    assert cache.statistics() == SessionStatistics(created=1, live=0)

    third = cache.acquire(double.path, double.content_hash, cpu)
    assert cache.statistics() == SessionStatistics(created=2, live=1)
    third.release()


def test_a_lease_is_released_once(cache, cpu, double):
    """CONFORMANCE 39"""
    first, second = (cache.acquire(*double, cpu) for _ in range(2))
    first.release()
    first.release()
    assert cache.statistics().live == 1
    assert second.session is not None
    with pytest.raises(ModelDisposedError):
        _ = first.session
    second.release()


def test_each_model_has_its_own_session(cache, cpu, double, arithmetic):
    leases = [cache.acquire(*file, cpu) for file in (double, arithmetic, double)]
    assert cache.statistics() == SessionStatistics(created=2, live=2)
    for lease in leases:
        lease.release()
    assert cache.statistics() == SessionStatistics(created=2, live=0)


def test_each_device_has_its_own_session(cache, cpu, double):
    fallen_back = Device("cpu", "cpu", 0, "CPUExecutionProvider", reason="no GPU")
    other = Device("cpu:other", "cpu", 0, "CPUExecutionProvider")
    leases = [cache.acquire(*double, device) for device in (cpu, fallen_back, other)]
    assert leases[0].session is leases[1].session, "the reason of a device makes no difference"
    assert leases[0].session is not leases[2].session
    for lease in leases:
        lease.release()


def test_eight_threads_create_one_session(cache, cpu, double):
    """CONFORMANCE 49"""
    together = threading.Barrier(8, timeout=PATIENCE)
    leases = []

    def acquire():
        together.wait()
        leases.append(cache.acquire(*double, cpu))

    threads = [threading.Thread(target=acquire) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len({id(lease.session) for lease in leases}) == 1
    assert cache.statistics() == SessionStatistics(created=1, live=1)
    for lease in leases:
        lease.release()
    assert cache.statistics() == SessionStatistics(created=1, live=0)


def test_models_load_concurrently(cache, cpu, double, arithmetic, monkeypatch):
    together = threading.Barrier(2, timeout=PATIENCE)
    monkeypatch.setattr(module, "_create", lambda path, device: (together.wait(), path))
    threads = [threading.Thread(target=cache.acquire, args=(*file, cpu)) for file in (double, arithmetic)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert cache.statistics() == SessionStatistics(created=2, live=2)


def test_a_failed_load_leaves_no_session_and_is_tried_again(cache, cpu, double, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not a model")
    for _ in range(2):
        with pytest.raises(ModelFormatError, match=r"model\.onnx.*Protobuf"):
            cache.acquire(path, double.content_hash, cpu)
    assert cache.statistics() == SessionStatistics(created=0, live=0)
    path.write_bytes(double.path.read_bytes())
    cache.acquire(path, double.content_hash, cpu).release()
    assert cache.statistics() == SessionStatistics(created=1, live=0)


def test_an_unknown_op_is_a_format_error(cache, cpu, write_model):
    value = ("x", TensorProto.FLOAT, [1])
    file = write_model([helper.make_node("Nonsense", ["x"], ["y"])], [value], [("y", *value[1:])])
    with pytest.raises(ModelFormatError, match="Nonsense"):
        cache.acquire(*file, cpu)


def test_a_missing_file_is_a_run_error(cache, cpu, tmp_path):
    with pytest.raises(ModelRunError, match=r"missing\.onnx") as caught:
        cache.acquire(tmp_path / "missing.onnx", "hash", cpu)
    assert caught.value.__cause__ is not None


def test_nothing_is_written_to_standard_error(cache, cpu, tmp_path, capfd):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelFormatError):
        cache.acquire(path, "hash", cpu)
    assert capfd.readouterr() == ("", "")


def test_a_session_on_another_device_is_refused(cache, double, monkeypatch):
    """onnxruntime-gpu without its libraries silently uses the CPU."""
    import onnxruntime

    called = {}

    def create(path, options, **keywords):
        called.update(keywords)
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(module, "onnxruntime", lambda: SimpleNamespace(InferenceSession=create))
    with pytest.raises(DeviceError, match="for cuda:1, but ONNX Runtime put it on CPUExecutionProvider"):
        cache.acquire(*double, CUDA)
    options = {"use_tf32": 0, "cudnn_conv_algo_search": "HEURISTIC", "device_id": 1}
    providers = [("CUDAExecutionProvider", options), "CPUExecutionProvider"]
    assert called == {"providers": providers, "enable_fallback": 0}
    assert cache.statistics() == SessionStatistics(created=0, live=0)


def test_a_session_has_the_measured_options(cache, cpu, double):
    lease = cache.acquire(*double, cpu)
    options = lease.session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert not options.enable_mem_pattern
    lease.release()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux reports the memory in use there")
def test_the_last_release_frees_the_memory(cache, cpu, weighty):
    """CONFORMANCE 39: RSS falls"""

    def resident():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    leases = [cache.acquire(*weighty, cpu) for _ in range(2)]
    loaded = resident()
    leases[0].release()
    assert loaded - resident() < 5e6
    leases[1].release()
    assert loaded - resident() > 40e6


def test_the_last_release_returns_memory_to_the_system_after_the_session_is_destroyed(cache, cpu, double, monkeypatch):
    leases = [cache.acquire(*double, cpu) for _ in range(2)]
    session = weakref.ref(leases[0].session)
    trims = []
    c_library = SimpleNamespace(malloc_trim=lambda pad: trims.append((pad, session())))
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: c_library)
    leases[0].release()
    assert trims == []
    leases[1].release()
    assert trims == [(0, None)]


def test_a_c_library_without_malloc_trim(cache, cpu, double, monkeypatch):
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: SimpleNamespace())
    cache.acquire(*double, cpu).release()
    assert cache.statistics().live == 0


def test_the_sessions_of_the_process(cpu, double):
    # The hash is that of no other test: others may have loaded the same model.
    content_hash = hashlib.sha256(b"test_the_sessions_of_the_process").hexdigest()
    before = module.statistics()
    lease = module.acquire(double.path, content_hash, cpu)
    assert module.statistics() == SessionStatistics(before.created + 1, before.live + 1)
    lease.release()
    assert module.statistics() == SessionStatistics(before.created + 1, before.live)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_a_forked_child_loads_its_own_sessions(double):
    program = f"""
import os
from pathlib import Path
from humanrt.runtime import device, sessions
cpu = device.resolve_device("cpu")
lease = sessions.acquire(Path({str(double.path)!r}), "hash", cpu)
child = os.fork()
if child == 0:
    sessions.acquire(Path({str(double.path)!r}), "hash", cpu)
    os._exit(sessions.statistics().created)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=PATIENCE)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_a_forked_child_has_a_lock_and_devices_of_its_own():
    """Those of the parent may be locked by a thread that the child does not have."""
    program = """
import os
from humanrt.runtime import device, sessions
cache, devices = sessions._cache, device._devices
child = os.fork()
if child == 0:
    os._exit((sessions._cache is cache) + (device._devices is devices) + (sessions._inherited != [cache]))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("Fail", "Unknown opset", ModelFormatError),
        ("Fail", "CUDNN failure 4", ModelRunError),
        ("RuntimeException", "std::bad_alloc", ModelRunError),
        ("EPFail", "no kernel image", ModelRunError),
        ("EngineError", "no engine", ModelRunError),
        ("NoSuchFile", "File doesn't exist", ModelRunError),
        ("NotImplemented", "no such op", UnsupportedOpError),
    ],
)
def test_the_error_of_a_load_is_of_the_file_or_of_the_machine(name, text, kind):
    assert module._load_error(type(name, (Exception,), {})(text)) is kind
