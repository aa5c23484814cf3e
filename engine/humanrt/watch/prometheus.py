"""A monitor's last sample as metrics of Prometheus."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from humanrt.errors import MissingDependencyError

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import Collector

    from humanrt.watch.monitor import Monitor

METRICS = {
    "rss": ("humanrt_resident_memory_bytes", "Resident memory"),
    "device_memory": ("humanrt_device_memory_bytes", "GPU memory"),
    "tensors": ("humanrt_tensors", "Live tensors"),
    "buffers": ("humanrt_tensor_buffers", "Live buffers of tensors"),
    "tensor_bytes": ("humanrt_tensor_bytes", "Bytes of the live buffers"),
    "pooled_bytes": ("humanrt_pooled_bytes", "Freed buffers that are kept for reuse"),
    "handles": ("humanrt_open_handles", "Open file descriptors or handles"),
    "threads": ("humanrt_threads", "Threads"),
    "lag": ("humanrt_event_loop_lag_seconds", "The longest delay of the event loop since the sample before"),
    "workers": ("humanrt_workers", "Worker processes that are ready"),
    "workers_rss": ("humanrt_workers_resident_memory_bytes", "Resident memory of the workers"),
    "worker_tensors": ("humanrt_worker_tensors", "Live tensors of the workers"),
}


def collector(monitor: "Monitor") -> "Collector":
    """Return a collector of the gauges of a monitor; before its first sample there are none.

    Raises ``MissingDependencyError`` without prometheus-client.
    """
    try:
        from prometheus_client.metrics_core import GaugeMetricFamily
        from prometheus_client.registry import Collector
    except ImportError as error:
        raise MissingDependencyError(
            'metrics need prometheus-client, which is not installed: pip install "humanrt[serve]"'
        ) from error

    class Gauges(Collector):
        """The gauges of one monitor."""

        def collect(self) -> "Iterator[Metric]":
            """Yield the gauges of the last sample."""
            for sample in monitor.samples[-1:]:
                for field, (name, description) in METRICS.items():
                    yield GaugeMetricFamily(name, description, value=getattr(sample, field))

    return Gauges()
