"""The metrics of a service, in Prometheus's text format. Each service has a registry of its own."""

from collections.abc import Callable
from functools import partial

import psutil
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from humanrt.serve.backend import Backend
from humanrt.serve.gate import Gate
from humanrt.watch import Monitor

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

SAMPLE_SECONDS = 5.0


class Metrics:
    """Counters of requests and frames, and gauges of the gate, the tensors, the memory and the event loop."""

    media_type: str = CONTENT_TYPE_LATEST

    def __init__(self, gate: Gate, backend: Backend) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "humanrt_requests", "Requests by endpoint and status", ("endpoint", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "humanrt_request_seconds", "Duration of requests", ("endpoint",), buckets=BUCKETS, registry=self._registry
        )
        self.frames: Counter = Counter(
            "humanrt_stream_frames", "Frames of streams by outcome", ("outcome",), registry=self._registry
        )
        process = psutil.Process()
        self._gauge("humanrt_requests_inside", "Requests that have a place", lambda: gate.inside)
        self._gauge("humanrt_requests_running", "Requests that are computed", lambda: gate.running)
        self._gauge("humanrt_streams", "Open streams", lambda: gate.streams)
        self._gauge("humanrt_ready", "1 if the detector is ready", lambda: backend.is_ready)
        self._gauge("humanrt_tensors", "Live tensors of all processes", lambda: backend.tensors()[0])
        self._gauge("humanrt_tensor_bytes", "Bytes of the front's tensors", lambda: backend.tensors()[1])
        self._gauge("humanrt_front_resident_bytes", "Resident memory of the front", lambda: process.memory_info().rss)
        self.monitor: Monitor = Monitor(every=SAMPLE_SECONDS, window=1)
        for name, help_text, field in (
            ("humanrt_front_handles", "Open file descriptors or handles of the front", "handles"),
            ("humanrt_front_threads", "Threads of the front", "threads"),
            ("humanrt_event_loop_lag_seconds", "The longest delay of the event loop in the last seconds", "lag"),
        ):
            self._gauge(name, help_text, partial(self._sampled, field))
        self._gauge("humanrt_workers", "Workers that are ready", lambda: len(backend.workers()))
        self._gauge(
            "humanrt_workers_resident_bytes",
            "Resident memory of the workers",
            lambda: sum(worker.rss for worker in backend.workers()),
        )

    def observe(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics."""
        return generate_latest(self._registry)

    def _sampled(self, field: str) -> float:
        return next((float(getattr(sample, field)) for sample in self.monitor.samples), 0.0)

    def _gauge(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        Gauge(name, help_text, registry=self._registry).set_function(value)
