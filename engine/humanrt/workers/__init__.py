"""Detection in worker processes, for programs that run for weeks.

- ``memory``: the memory that a pool shares with one worker
- ``messages``: what they send each other
- ``process``: the main program of a worker
- ``worker``: one worker, as its pool sees it
- ``recycling``: when a worker is replaced
- ``supervisor``: all workers of a pool: started, given calls, replaced, stopped
- ``pool``: ``WorkerPool``, the one owner of worker processes
"""

from humanrt.workers.pool import PoolStatistics, WorkerPool
from humanrt.workers.recycling import Recycling
from humanrt.workers.supervisor import WorkerInfo
from humanrt.workers.worker import PoolSession

__all__ = ["PoolSession", "PoolStatistics", "Recycling", "WorkerInfo", "WorkerPool"]
