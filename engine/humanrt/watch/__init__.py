"""What the processes of a program use, over time.

- ``readings``: what one process uses now
- ``slope``: how fast a value grows
- ``monitor``: ``Monitor``, which takes samples and checks thresholds
- ``prometheus``: its last sample as metrics
"""

from humanrt.watch.monitor import Growth, Monitor, Sample
from humanrt.watch.slope import Slope, slope

__all__ = ["Growth", "Monitor", "Sample", "Slope", "slope"]
