"""Running models: the only room that imports ONNX Runtime, and only when it is needed.

The layout, from the ground up: ``library.py`` imports ONNX Runtime and has its options, ``cpu_budget.py`` counts CPU
cores and ``memory_budget.py`` memory, ``device.py`` proves that a device works. ``sessions.py`` loads, shares and
unloads sessions, ``heap.py`` bounds what the C library keeps. ``scheduler.py`` has the thread pools of the process;
``futures.py`` runs the work that must not occupy them, and waits for threads from event loops; ``single_flight.py``
loads once for all callers, ``side_by_side.py`` runs coroutines concurrently. ``signature.py`` checks the inputs of a
model, and ``graph_model.py`` is the model.
"""

from humanrt.runtime.cpu_budget import cpu_budget
from humanrt.runtime.device import Device, DeviceReport, device_report, resolve_device
from humanrt.runtime.graph_model import GraphModel
from humanrt.runtime.sessions import SessionLease, acquire
from humanrt.runtime.signature import TensorSpec
from humanrt.runtime.single_flight import SingleFlight

__all__ = [
    "Device",
    "DeviceReport",
    "GraphModel",
    "SessionLease",
    "SingleFlight",
    "TensorSpec",
    "acquire",
    "cpu_budget",
    "device_report",
    "resolve_device",
]
