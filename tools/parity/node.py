"""The client of the peer process: it finds Node, starts the process, sends requests and ends it."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from parity.errors import NodeUnavailableError, PeerError, RefusedError
from parity.install import ROOM, install

OLDEST_NODE = (20, 9)
STDERR_SHOWN = 4000

Array = NDArray[Any]
Precision: TypeAlias = Literal["float32", "float64"]
Backend: TypeAlias = Literal["wasm", "cpu"]


@dataclass(frozen=True)
class Node:
    """The paths of the programs ``node`` and ``npm``."""

    node: Path
    npm: Path


def find_node() -> Node:
    """Return the paths of Node 20.9 or later, and of npm, on PATH.

    Raises ``NodeUnavailableError`` if one is missing or Node is too old.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing = " and ".join(name for name, found in (("node", node), ("npm", npm)) if found is None)
        raise NodeUnavailableError(f"no {missing} on PATH; the peers need Node 20.9 or later with npm (nodejs.org)")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout.strip()
    version = re.match(r"v(\d+)\.(\d+)", answer)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_NODE:
        raise NodeUnavailableError(f"{node} is {answer or 'broken'}; the peers need Node 20.9 or later (nodejs.org)")
    return Node(Path(node), Path(npm))


@dataclass(frozen=True)
class OpCase:
    """One call of a function of TF.js, such as ``OpCase("image.resizeBilinear", [images, [16, 16]])``.

    Arrays among the arguments, also in lists, are converted to tensors: float32, int32, bool, and uint8 to int32.
    """

    name: str
    args: Sequence[Any]


class Peer:
    """The real TF.js and the real Human, in one Node process; a context manager.

    Entering installs the npm packages if they are missing. The first request starts the process. An answer may take
    ``timeout`` seconds, then the process is killed; the next request starts another. Leaving kills the process. Not
    thread-safe.
    """

    def __init__(self, node: Node, *, timeout: float = 120.0) -> None:
        self._node = node
        self._timeout = timeout
        self._process: subprocess.Popen[str] | None = None
        # The stderr of every process of this peer, for the error when one ends.
        self._stderr = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # __exit__ closes it

    def __enter__(self) -> Self:
        install(self._node.npm)
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._stderr.close()

    def execute(
        self,
        model_json: Path,
        inputs: Mapping[str, Array],
        outputs: Sequence[str] | None = None,
        *,
        precision: Precision = "float32",
    ) -> dict[str, Array]:
        """Run a TF.js graph model on TF.js's CPU backend; the process reads each model once.

        ``inputs`` are arrays of float32, int32, uint8 or bool by the name of their placeholder. ``outputs`` names the
        nodes to compute, for models whose last part is not needed. The result has them by those names; without
        ``outputs`` it has the model's own, by the keys of its signature without their ``:0``. In "float64" TF.js's
        kernels round only the result, which differs from that of "float32" by the latter's rounding errors.

        Raises ``RefusedError``, with TF.js's message, ``PeerError`` if the process ends or does not answer in time.
        """
        request = {"model": str(model_json.resolve()), "inputs": dict(inputs), "outputs": outputs}
        result: dict[str, Array] = self._request("execute", **request, precision=precision)
        return result

    def ops(self, cases: Sequence[OpCase]) -> list[list[Array] | str]:
        """Call functions of TF.js on its CPU backend; return the results of each, or the message of its error.

        A result of dtype int32 that TF.js computes as float32 is truncated; bool is returned as the bytes in memory.
        """
        answers = self._request("ops", cases=[{"name": case.name, "args": case.args} for case in cases])
        return [answer["error"] if isinstance(answer, dict) else answer for answer in answers]

    def time(self, model_json: Path, inputs: Mapping[str, Array], *, backend: str) -> float:
        """Run a TF.js graph model once on "cpu" or "wasm"; return the milliseconds from tensors to arrays.

        The first run of a model is slower: it plans the execution and uploads the weights. Raises as ``execute`` does.
        """
        request = {"model": str(model_json.resolve()), "inputs": dict(inputs), "backend": backend}
        return float(self._request("time", **request))

    def human(
        self, image: NDArray[np.uint8], config: Mapping[str, Any], *, backend: Backend = "wasm"
    ) -> dict[str, Any]:
        """Run ``Human.detect`` in a new Human, on one of TF.js's backends.

        ``image`` is RGB, uint8 [height, width, 3]. ``config`` is merged into Human's defaults; the peer sets the
        backend, the path of the models and the frame cache (off).

        Returns Human's result as JSON. Numbers that are not finite are "Infinity", "-Infinity" or "NaN". With
        ``face.detector.return`` each face has its crop under "tensor", float32 [height, width, 3] in 0..1.

        Raises ``ValueError`` for another image, and as ``execute`` does: Human ends the process on bad input.
        """
        _check_image(image)
        result: dict[str, Any] = self._request("human", image=image, config=dict(config), backend=backend)
        return result

    def human_segmentation(
        self, frames: Sequence[NDArray[np.uint8]], config: Mapping[str, Any], *, backend: Backend = "wasm"
    ) -> list[Array]:
        """Run ``Human.segmentation`` on the frames of a video, one after the other, in a new Human.

        ``frames`` and ``config`` are as in ``human``. Returns an int32 array for each, [height, width, 4], RGB and
        alpha, or what the mode selects. Raises as ``human`` does.
        """
        for frame in frames:
            _check_image(frame)
        request = {"frames": list(frames), "config": dict(config)}
        result: list[Array] = self._request("segmentation", **request, backend=backend)
        return result

    def human_match(
        self,
        embeddings: Sequence[Sequence[float]],
        candidates: Sequence[Sequence[float]],
        options: Sequence[Mapping[str, float] | None],
    ) -> list[dict[str, Any]]:
        """Compare n pairs by ``human.match``, with each of ``options``, and without any for None.

        Each result has n ``distances`` and ``similarities``, and in ``found`` what ``find()`` returns for each
        embedding among the ten candidates around its own: those from the last multiple of ten on.
        """
        fields = {"embeddings": embeddings, "candidates": candidates, "options": options}
        result: list[dict[str, Any]] = self._request("match", **fields)
        return result

    def inside_human(self, files: Sequence[str], function: str, *arguments: object) -> Any:  # noqa: ANN401  # any result
        """Call a function that Human does not export, on JSON.

        ``function`` is its name in Human's readable bundle, where two of one name are numbered; ``files`` are the files
        of Human's source that it needs, such as "src/gesture/gesture.ts", in the order of the bundle. Raises
        ``RefusedError`` if there is no such file or function.
        """
        return self._request("inside", files=files, name=function, args=arguments)

    def human_warmup(
        self, pictures: Mapping[str, NDArray[np.uint8]], config: Mapping[str, Any], choice: str
    ) -> tuple[list[str], dict[str, Any]]:
        """Run ``Human.warmup`` with ``choice`` as its setting; return the pictures that it used, and its result.

        ``pictures`` are the pixels of Human's samples by the SHA-256 of their files; ``config`` is as in ``human``.
        """
        request = {"pictures": dict(pictures), "config": dict(config), "choice": choice, "backend": "wasm"}
        answer = self._request("warmup", **request)
        return answer["used"], answer["result"]

    def human_compare(self, first: Array, second: Array) -> float:
        """Run ``Human.compare`` on two pictures, [1, h, w, 3]."""
        return float(self._request("compare", first=first, second=second))

    def human_validate(self, configs: Sequence[Mapping[str, Any]]) -> list[list[dict[str, str]]]:
        """Return the messages of ``Human.validate`` on each configuration: "reason", "where" and "expected" of each."""
        result: list[list[dict[str, str]]] = self._request("validate", configs=list(configs))
        return result

    def human_after_reset(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration of a Human that was created with ``config``, after its ``reset()``."""
        result: dict[str, Any] = self._request("reset", config=dict(config))
        return result

    def human_defaults(self) -> dict[str, Any]:
        """Return the configuration of a new Human: every key it knows, with its default."""
        result: dict[str, Any] = self._request("defaults")
        return result

    def effort(self, name: str, count: int) -> tuple[float, float]:
        """Run the case ``name`` of ``timing.js`` so many times on TF.js's CPU backend; return CPU and wall seconds."""
        cpu, wall = self._request("effort", name=name, count=count)
        return cpu, wall

    def versions(self) -> dict[str, str]:
        """Return the versions that run, under "node", "tfjs" and "human"."""
        result: dict[str, str] = self._request("versions")
        return result

    def _request(self, command: str, **fields: object) -> Any:  # noqa: ANN401  # any answer
        line = json.dumps({"command": command, **fields}, default=_encode)
        answer = self._exchange(line)
        if not answer:
            raise PeerError(
                f"the peer process ended without an answer to {command!r}; a request may take {self._timeout:g} s. "
                f"It printed:\n{self._end()}"
            )
        reply = json.loads(answer, object_hook=_decode)
        if "error" in reply:
            raise RefusedError(command, reply["error"])
        return reply["result"]

    def _exchange(self, line: str) -> str:
        """Write a line and return the answer, or an empty string if the process has ended."""
        process = self._process = self._process or self._start()
        assert process.stdin is not None  # noqa: S101  # _start opened both
        assert process.stdout is not None  # noqa: S101
        # A killed process closes its pipes, which ends a write or read that blocks.
        watchdog = threading.Timer(self._timeout, process.kill)
        watchdog.start()
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return process.stdout.readline()
        except BrokenPipeError:
            return ""
        except BaseException:
            self._end()  # the unread answer would be taken for the next request's
            raise
        finally:
            watchdog.cancel()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._node.node, ROOM / "peer.js"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            encoding="utf-8",
        )

    def _end(self) -> str:
        """Kill the process, if there is one; return the end of its stderr."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()  # closes the pipes and waits
            self._process = None
        self._stderr.seek(0)
        return self._stderr.read()[-STDERR_SHOWN:]


def _check_image(image: NDArray[np.uint8]) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image must be uint8 [height, width, 3], not {image.dtype} {list(image.shape)}")


def _encode(array: object) -> dict[str, object]:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"a request contains JSON and NumPy arrays, not {type(array).__name__}")
    return {
        "dtype": array.dtype.name,
        "shape": array.shape,
        "base64": base64.b64encode(array.tobytes()).decode("ascii"),
    }


def _decode(fields: dict[str, Any]) -> dict[str, Any] | Array:
    if "base64" not in fields:
        return fields
    array: Array = np.frombuffer(base64.b64decode(fields["base64"]), fields["dtype"]).reshape(fields["shape"])
    return array
