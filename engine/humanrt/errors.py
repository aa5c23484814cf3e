"""Every exception that HumanRT raises on purpose.

::

    HumanRTError
    +-- ConfigError (ValueError)            an unknown key, a wrong value, a module that does not exist yet
    +-- InputError (ValueError)             a picture or array that cannot be used
    +-- MissingDependencyError (ImportError)  an optional package is not installed
    +-- StreamError                         a video's source cannot be opened or was lost, or a stream was closed
    |   +-- StreamTimeoutError (TimeoutError)  a source delivered no frame in time
    +-- OverloadedError                     more calls are in flight and wait than are accepted
    +-- TensorError
    |   +-- TensorDisposedError             a tensor was used after it was disposed
    |   |   +-- StaleHandleError            a tensor was used after reset() of its engine
    |   +-- MemoryLimitError (MemoryError)  a tensor would exceed the engine's memory_limit
    |   +-- ScopeError
    |       +-- ScopeClosedError            a tensor was created in a scope that had already ended
    |       +-- AsyncTidyError (TypeError)  tidy() was given a coroutine function
    +-- EngineError
    |   +-- EngineClosedError               the engine was used after close()
    |   +-- ForkedEngineError               the engine was created before this process was forked
    |   +-- DeviceError                     the device cannot be used, with the reason
    |   +-- BlockingCallError               a blocking call on the thread of a running event loop
    |   +-- SessionError                    a session is in use, closed, or of another Human
    |   +-- WorkerError                     a worker process died, hung, or could not be started
    +-- ModelError
    |   +-- ModelFormatError (ValueError)   a model file is malformed
    |   |   +-- UnsupportedOpError          a graph contains an op that has no translation
    |   +-- ModelInputError (ValueError)    names, count, shapes or dtypes of a model's inputs are wrong
    |   +-- ModelDisposedError              a model was used after dispose()
    |   +-- ModelRunError                   ONNX Runtime failed while loading or running a model
    +-- StoreError
        +-- CardError (ValueError)          a model card is malformed
        +-- UnknownModelError (LookupError) no model card has that name
        +-- IntegrityError                  the bytes do not have the SHA-256 of the model card
        +-- FetchError                      no source could deliver the file
            +-- OfflineError                the file is not cached and HUMANRT_OFFLINE forbids fetching

Cancellation is never wrapped: ``asyncio.CancelledError`` passes through every call.
"""


class HumanRTError(Exception):
    """Base of every exception that HumanRT raises on purpose."""


class ConfigError(HumanRTError, ValueError):
    """A configuration has an unknown key or a wrong value, or enables a module that does not exist yet."""


class InputError(HumanRTError, ValueError):
    """A picture, array or tensor cannot be used; the message contains what is accepted."""


class MissingDependencyError(HumanRTError, ImportError):
    """An optional package is not installed; the message contains the command that installs it."""


class StreamError(HumanRTError):
    """The source of a stream cannot be opened or was lost, or the stream was closed or used twice."""


class StreamTimeoutError(StreamError, TimeoutError):
    """The source of a stream delivered no frame within its ``timeout``."""


class OverloadedError(HumanRTError):
    """A call was refused because the queue of calls is full, or had waited for its longest time; repeat it later."""


class TensorError(HumanRTError):
    """Base of the errors of tensors and scopes."""


class TensorDisposedError(TensorError):
    """A tensor was used after it was disposed."""


class StaleHandleError(TensorDisposedError):
    """A tensor was used that ``reset()`` of its engine had freed."""


class MemoryLimitError(TensorError, MemoryError):
    """A tensor would exceed its engine's ``memory_limit``; the message contains the numbers. Nothing was counted."""


class ScopeError(TensorError):
    """A scope was opened, left or used in a way that would free the wrong tensors."""


class ScopeClosedError(ScopeError):
    """A task or thread created a tensor in a scope that had ended before; the tensor was not created."""


class AsyncTidyError(ScopeError, TypeError):
    """``tidy()`` was given a coroutine function; use ``async with engine.scope()``."""


class EngineError(HumanRTError):
    """Base of the errors of an engine."""


class EngineClosedError(EngineError):
    """An engine, or a Human that owns one, was used after it was closed."""


class ForkedEngineError(EngineError):
    """An engine, or an object of it, was used in a process forked from the one that created it; create a new one."""


class DeviceError(EngineError):
    """The device cannot be used; the message contains the reason."""


class BlockingCallError(EngineError):
    """A blocking call was made on the thread of a running event loop; await its asynchronous form."""


class SessionError(EngineError):
    """A session was used by two calls at the same time, after it was closed, or by another Human."""


class WorkerError(EngineError):
    """A worker process died, hung, or could not be started, and no other worker completed the call."""


class ModelError(HumanRTError):
    """Base of the errors of models."""


class ModelFormatError(ModelError, ValueError):
    """A model file is malformed; the message contains the file and, if they are known, the node and the op."""


class UnsupportedOpError(ModelFormatError):
    """A graph contains an op, or a form of it, that has no translation; the message contains the node and the op."""


class ModelInputError(ModelError, ValueError):
    """The inputs do not fit the model; the message lists every mismatch. Nothing was allocated."""


class ModelDisposedError(ModelError):
    """A model was used after its ``dispose()``."""


class ModelRunError(ModelError):
    """ONNX Runtime failed while it loaded or ran a model."""


class StoreError(HumanRTError):
    """Base of the errors of finding, fetching and storing models."""


class CardError(StoreError, ValueError):
    """A model card is malformed; the message contains the file and the key."""


class UnknownModelError(StoreError, LookupError):
    """No model card has that name; the message contains the nearest one."""


class IntegrityError(StoreError):
    """A file does not have the SHA-256 of its model card; it was not kept."""


class FetchError(StoreError):
    """No source could deliver a file; the message lists the sources and how each failed."""


class OfflineError(FetchError):
    """A file is not cached and ``HUMANRT_OFFLINE=1`` forbids fetching it."""
