"""``humanrt style``: a picture in an artistic style, or in all of them as a page."""

import argparse
import asyncio
import html
import os
from pathlib import Path

from humanrt.cli import DONE, FAILED
from humanrt.cli.drawings import check_kept, check_output
from humanrt.cli.settings import read_settings
from humanrt.cli.sources import brief
from humanrt.cli.stdio import OutputError, complain, write_line
from humanrt.config import Config
from humanrt.engine import Engine
from humanrt.errors import ConfigError, InputError
from humanrt.imaging import write_picture
from humanrt.imaging.encode import write_whole
from humanrt.imaging.styles import STYLES
from humanrt.tensors import Tensor, values_of

ORIGINAL = "original"
PAGE = "index.html"
ENDING = ".jpg"

HTML = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }}
main {{ display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }}
figure {{ margin: 0; }}
img {{ display: block; width: 100%; height: auto; border-radius: .25rem; }}
</style>
<h1>{title}</h1>
<main>
{figures}
</main>
</html>
"""
FIGURE = '<figure><a href="{file}"><img src="{file}" width="{width}" height="{height}" alt="{name}"></a>'
CAPTION = "<figcaption>{name}</figcaption></figure>"


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    config = read_settings(options)
    changes = {key: value for key, value in (("name", options.style), ("fast", options.fast or None)) if value}
    config = config.merge({"style": changes})
    picture = os.path.expanduser(options.picture)  # noqa: PTH111 - text, for messages
    output: Path = options.output.expanduser()
    if options.all:
        _check_folder(output, Path(picture))
    else:
        check_output(output, Path(picture))
    try:
        if options.all:
            output.mkdir(parents=True, exist_ok=True)
            write_line(str(asyncio.run(_write_gallery(config, picture, output))))
        else:
            asyncio.run(_write_styles(config, picture, {config.style.name: output}))
            write_line(str(output))
    except InputError as error:
        complain(f"{picture}: {brief(error, picture)}")
        return FAILED
    except OSError as error:
        raise OutputError(error, str(output)) from error
    return DONE


def _check_folder(output: Path, picture: Path) -> None:
    """Raise ``ConfigError`` if the output is no folder, or its files would replace the picture."""
    if output.exists() and not output.is_dir():
        raise ConfigError(f"--output {output}: it is not a folder; with --all, name a folder")
    check_kept(output, [output / f"{name}{ENDING}" for name in (ORIGINAL, *STYLES)], picture)


async def _write_styles(config: Config, picture: str, outputs: dict[str, Path]) -> tuple[int, ...]:
    """Write a picture in styles, and as it is for ``ORIGINAL``; return its shape."""
    async with Engine("cpu") as engine:
        with await engine.decode_image(
            picture, max_pixels=config.image.max_pixels, max_bytes=config.image.max_bytes
        ) as image:
            for name, path in outputs.items():
                if name == ORIGINAL:
                    await asyncio.to_thread(_write, path, image)
                    continue
                with await engine.style(image, config.style.merge({"name": name})) as styled:
                    await asyncio.to_thread(_write, path, styled)
            return image.shape


def _write(path: Path, picture: Tensor) -> None:
    write_picture(path, values_of(picture))


async def _write_gallery(config: Config, picture: str, folder: Path) -> Path:
    """Write the page of all styles and its pictures, the page last; return its path."""
    files = {name: folder / f"{name}{ENDING}" for name in (ORIGINAL, *STYLES)}
    height, width, _ = await _write_styles(config, picture, files)
    figures = "\n".join(
        FIGURE.format(file=file.name, width=width, height=height, name=name) + CAPTION.format(name=name)
        for name, file in files.items()
    )
    page = folder / PAGE
    title = html.escape(Path(picture).name)
    await asyncio.to_thread(write_whole, page, HTML.format(title=title, figures=figures).encode())
    return page
