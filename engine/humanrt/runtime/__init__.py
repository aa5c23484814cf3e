"""Running models: the only room that imports ONNX Runtime, and only when it is needed.

The general layout, from the ground up: ``library.py`` is the door to ONNX Runtime, ``cpu_budget.py`` says how many
processors there are, and ``device.py`` proves a device. ``session.py`` loads, shares and unloads. ``scheduler.py`` is
the process's pool of threads, ``background.py`` is for what must not occupy it, ``single_flight.py`` does a slow
load once for all, and ``completion.py`` is how loops wait for threads. ``signature.py`` checks what a model is handed,
and ``graph_model.py`` puts it all together.
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
