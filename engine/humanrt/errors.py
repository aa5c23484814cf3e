"""Every exception HumanRT raises on purpose.

::

    HumanRTError
    +-- ConfigError (ValueError)            an unknown key, a wrong value, a module that is not there yet
    +-- InputError (ValueError)             a picture or array that cannot be used
    +-- MissingDependencyError (ImportError)  an optional package is not installed
    +-- TensorError
    |   +-- TensorDisposedError             a tensor was used after it was disposed
    |   |   +-- StaleHandleError            a tensor was used after reset() of its engine
    |   +-- MemoryLimitError (MemoryError)  a tensor would pass the engine's memory_limit
    |   +-- ScopeError
    |       +-- ScopeClosedError            a tensor was made in a scope that had already ended
    |       +-- AsyncTidyError (TypeError)  tidy() was given a coroutine function
    +-- EngineError
    |   +-- EngineClosedError               the engine was used after close()
    |   +-- ForkedEngineError               the engine was made before this process was forked
    |   +-- DeviceError                     the device asked for is not usable, with the reason
    |   +-- BlockingCallError               a blocking call on the thread of a running event loop
    |   +-- SessionError                    a session is in use, closed, or another Human's
    +-- ModelError
    |   +-- ModelFormatError (ValueError)   a model file is malformed
    |   |   +-- UnsupportedOpError          a graph holds an op that has no translation
    |   +-- ModelInputError (ValueError)    names, count, shapes or dtypes handed to a model are wrong
    |   +-- ModelDisposedError              a model was used after dispose()
    |   +-- ModelRunError                   ONNX Runtime failed while loading or running a model
    +-- StoreError
        +-- CardError (ValueError)          a model's card is malformed
        +-- UnknownModelError (LookupError) no card of that name
        +-- IntegrityError                  the bytes do not have the SHA-256 that the card names
        +-- FetchError                      no source could deliver the file
            +-- OfflineError                the file is not cached and HUMANRT_OFFLINE forbids fetching

Cancellation is never wrapped: ``asyncio.CancelledError`` passes through every call.
"""


class HumanRTError(Exception):
    """Base of every exception that HumanRT raises on purpose."""


class ConfigError(HumanRTError, ValueError):
    """A configuration names an unknown key, holds a wrong value, or asks for a module that is not there yet."""


class InputError(HumanRTError, ValueError):
    """A picture, array or tensor cannot be used; the message says what is accepted."""


class MissingDependencyError(HumanRTError, ImportError):
    """An optional package is not installed; the message names the command that installs it."""


class TensorError(HumanRTError):
    """Base of the errors about tensors and scopes."""


class TensorDisposedError(TensorError):
    """A tensor was used after it was disposed."""


class StaleHandleError(TensorDisposedError):
    """A tensor was used that was made before ``reset()`` of its engine, which freed it."""


class MemoryLimitError(TensorError, MemoryError):
    """A tensor would pass its engine's ``memory_limit``; the message has the numbers. Nothing was counted."""


class ScopeError(TensorError):
    """A scope was opened, left or used in a way that would free the wrong tensors."""


class ScopeClosedError(ScopeError):
    """A task or thread that outlived its scope tried to make a tensor in it; nothing was made."""


class AsyncTidyError(ScopeError, TypeError):
    """``tidy()`` was given a coroutine function; use ``async with engine.scope()``."""


class EngineError(HumanRTError):
    """Base of the errors about an engine as a whole."""


class EngineClosedError(EngineError):
    """An engine, or a Human that owns one, was used after it was closed."""


class ForkedEngineError(EngineError):
    """An engine, or what belongs to it, was used in a process forked from the one that made it; make a new one."""


class DeviceError(EngineError):
    """The device asked for cannot be used; the message carries the reason the probe found."""


class BlockingCallError(EngineError):
    """A blocking call was made on the thread of a running event loop; await its asynchronous form."""


class SessionError(EngineError):
    """A session was given to a second call at the same time, was closed before, or is another Human's."""


class ModelError(HumanRTError):
    """Base of the errors about models."""


class ModelFormatError(ModelError, ValueError):
    """A model file is malformed; the message names the file and, where there is one, the node and the op."""


class UnsupportedOpError(ModelFormatError):
    """A graph holds an op, or a form of it, that has no translation; the message names the node and the op."""


class ModelInputError(ModelError, ValueError):
    """What was handed to a model does not fit it; the message lists every mismatch. Nothing was allocated."""


class ModelDisposedError(ModelError):
    """A model was used after its ``dispose()``."""


class ModelRunError(ModelError):
    """ONNX Runtime failed while it loaded or ran a model."""


class StoreError(HumanRTError):
    """Base of the errors about finding, fetching and keeping models."""


class CardError(StoreError, ValueError):
    """A model's card is malformed; the message names the file and the key."""


class UnknownModelError(StoreError, LookupError):
    """No card has that name; the message names the nearest one."""


class IntegrityError(StoreError):
    """A file does not have the SHA-256 that its card names; it was refused and not kept."""


class FetchError(StoreError):
    """No source could deliver a file; the message lists what was tried and how each failed."""


class OfflineError(FetchError):
    """A file is not cached and ``HUMANRT_OFFLINE=1`` forbids fetching it."""
