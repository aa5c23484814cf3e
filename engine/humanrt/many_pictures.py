"""What a Human does with many pictures: videos, batches and folders.

Few programs need the modules that do it, so they are imported at first use.
"""

import os
from typing import TYPE_CHECKING, Literal

from humanrt.config import ConfigSource
from humanrt.housekeeping import Housekeeping

if TYPE_CHECKING:
    from humanrt.batch import Batch, ManySources
    from humanrt.extraction import Extraction
    from humanrt.stream import Stream
    from humanrt.streams.frames import StreamSource


class ManyPictures(Housekeeping):
    """What every Human can do with many pictures, by means of ``detect()``."""

    def stream(
        self,
        source: "StreamSource",
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        drop: Literal["oldest", "none"] | None = None,
        max_pending: int = 1,
        timeout: float | None = 10,
        reconnect: float = 0,
    ) -> "Stream":
        """Return the frames of a video with their detections: ``async with human.stream(...) as stream``.

        ``source`` is the path of a video, the number of a camera, an address (rtsp, rtsps, http, https), a folder of
        pictures, a pattern such as "frames/*.png", or an iterable or asynchronous iterable of pictures as ``detect()``
        accepts them, ``bgr`` included. Nothing else opens an address.

        At most ``max_pending`` frames wait for the consumer. Then the source waits with ``drop="none"``; with "oldest"
        the oldest frame is dropped, and a video file is played at its own speed. None is "oldest" for cameras and
        addresses, else "none". If no frame arrives for ``timeout`` seconds, ``StreamTimeoutError`` is raised; None
        waits for any time. A camera or an address that is lost, or cannot be opened, is opened again for ``reconnect``
        seconds before ``StreamError`` is raised.

        Raises ``ConfigError``, and ``InputError`` if the source is of no accepted type. The stream raises the errors of
        ``detect()`` and of its source.
        """
        from humanrt.stream import create_stream

        settings = None if config is None else self._merged(config)
        return create_stream(
            self,
            source,
            settings,
            bgr=bgr,
            max_pixels=(settings or self.config).image.max_pixels,
            drop=drop,
            max_pending=max_pending,
            timeout=timeout,
            reconnect=reconnect,
        )

    def detect_many(
        self,
        sources: "ManySources",
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        at_once: int | None = None,
        ordered: bool = False,
        recursive: bool = False,
    ) -> "Batch":
        """Return pictures with the outcomes of ``detect()``: ``async with human.detect_many(...) as batch``.

        ``sources`` is a folder, with the folders in it if ``recursive``; a pattern such as "photos/**/*.jpg"; or an
        iterable or asynchronous iterable of what ``detect()`` accepts. ``at_once`` pictures are detected concurrently,
        by default as many as there are CPUs. Outcomes come as they end, or in the order of their sources if
        ``ordered``.

        Raises ``ConfigError``, and ``InputError`` if ``sources`` is of no accepted type.
        """
        from humanrt.batch import create_batch

        settings = None if config is None else self._merged(config)
        return create_batch(self, sources, settings, bgr=bgr, at_once=at_once, ordered=ordered, recursive=recursive)

    async def extract(
        self,
        source: str | os.PathLike[str],
        output: str | os.PathLike[str],
        config: ConfigSource | None = None,
        *,
        at_once: int | None = None,
        recursive: bool = False,
    ) -> "Extraction":
        """Write the boxes and embeddings of the faces in many pictures to a file, .npz or .parquet.

        ``source`` is a folder, with the folders in it if ``recursive``, or a pattern. Only the face module runs. A
        picture that cannot be detected is in the output with its error. A .npz file has the arrays ``path``, ``face``
        (its number in the picture), ``score``, ``box`` (float32 [n, 4] in pixels) and ``embedding`` (float32 [n, d])
        with a row for each face, and ``pictures`` and ``errors`` with one for each picture. A .parquet file has a row
        for each face, and one for each picture without faces; it needs ``pip install "humanrt[data]"``.

        After a call that was killed or cancelled, the same call goes on where it ended: the file ``OUTPUT.resume`` has
        the pictures that are done. A second call with an output that one is writing is refused.

        Raises ``ConfigError``, also if ``OUTPUT.resume`` is of another folder or configuration, ``InputError`` if the
        folder cannot be read, ``MissingDependencyError``, ``OSError`` if the output cannot be written, and the errors
        that ``detect_many()`` raises.
        """
        from humanrt.extraction import extract

        settings = self._merged(config)
        return await extract(self, source, output, settings, at_once=at_once, recursive=recursive)
