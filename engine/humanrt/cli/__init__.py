"""The command line: ``humanrt detect``, ``match``, ``extract``, ``soak``, ``models``, ``doctor``.

Exit codes: 0 done; 1 some pictures or models failed, or the output cannot be written; 2 wrong usage; 130 interrupted;
141 the reader of the output has closed it.

Everything else is imported by ``main()``, so that a Ctrl-C during an import is handled as at any other time.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, FAILED, USAGE = 0, 1, 2
INTERRUPTED, UNREAD = 130, 141  # the codes of a shell for a program that SIGINT or SIGPIPE ended

__all__ = ["DONE", "FAILED", "INTERRUPTED", "UNREAD", "USAGE", "main"]


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the command line with ``arguments``, by default those of the process, and return the exit code."""
    try:
        if arguments is None:
            _exit_on_interrupt()
        return _run(arguments)
    except KeyboardInterrupt:
        if arguments is None:  # before the signal had its handler: an interrupted import may hold the import lock
            os._exit(INTERRUPTED)
        return INTERRUPTED


def _exit_on_interrupt() -> None:
    """Make Ctrl-C end the process at once.

    Otherwise its end would wait for the threads that convert or load models, and a second Ctrl-C would print a
    traceback. Nothing needs to be cleaned up: files appear whole or not at all, and a lock ends with its process.
    """
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as under nohup
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))


def _run(arguments: "Sequence[str] | None") -> int:
    from humanrt.cli.parser import parse
    from humanrt.cli.stdio import OutputError, complain, prepare
    from humanrt.errors import ConfigError, HumanRTError

    prepare()
    try:
        command = parse(arguments)
        return command()
    except ConfigError as error:
        complain(error)
        return USAGE
    except HumanRTError as error:
        complain(error)
        return FAILED
    except OutputError as error:
        if error.is_unread:
            return UNREAD
        complain(error)
        return FAILED
