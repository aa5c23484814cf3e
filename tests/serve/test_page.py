"""The page in Chromium, before ``humanrt serve`` with its worker process.

With HUMANRT_REQUIRE_PEERS=1, which CI sets, a missing Chromium is a failure.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import numpy as np
import pytest
from parsing_models import write_class_map

from humanrt import write_png
from parity.pictures import PICTURES, read_picture

pytestmark = pytest.mark.slow(seconds=30)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FACE = str(PICTURES / "human_face.png")
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SIZES = {"desk": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def address():
    with serving() as base:
        yield base


@contextmanager
def serving(*options):
    """Yield the address of a service, which ends with SIGTERM and exit code 0."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "humanrt", "serve", "--port", str(port), *options]
    service = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        base = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while not is_ready(base):
            assert service.poll() is None, service.stderr.read()
            assert time.monotonic() < deadline
        yield base
        service.send_signal(signal.SIGTERM)
        log = service.communicate(timeout=60)[1]
        assert service.returncode == 0, log
        assert "Traceback" not in log
    finally:
        service.kill()
        service.communicate()


def is_ready(base):
    try:
        return httpx.get(f"{base}/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None and os.environ.get("HUMANRT_REQUIRE_PEERS") == "1":
        pytest.fail("HUMANRT_REQUIRE_PEERS=1, and there is no Chromium: apt-get install chromium")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    from playwright.sync_api import sync_playwright  # starts a process

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(request, browser, address):
    """The page, ready, at each size; it loads nothing from elsewhere, and reports no error."""
    with opened(browser, address, getattr(request, "param", "desk")) as page:
        yield page


@contextmanager
def opened(browser, address, size="desk"):
    scheme = "dark" if size == "phone" else "light"
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme, base_url=address)
    page = context.new_page()
    foreign, errors = [], []
    page.on("request", lambda each: foreign.append(each.url) if is_foreign(each.url, address) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("/")
    page.wait_for_selector("body[data-ready]")
    yield page
    context.close()
    assert (foreign, errors) == ([], [])


def is_foreign(url, address):
    return not url.startswith((address, address.replace("http", "ws"), "blob:", "data:"))


def count_drawn(page):
    """Return the number of pixels that the overlay covers."""
    return page.locator("#overlay").evaluate(
        """c => {
          const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
          return data.filter((value, i) => i % 4 === 3 && value > 0).length;
        }"""
    )


def detect(page, times=1):
    page.wait_for_selector(f"body[data-done='{times}']", timeout=60_000)


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_a_picture_is_drawn_on_and_toggles_change_what_is_drawn(page):
    page.set_input_files("#file", FACE)
    detect(page)
    assert "1 face" in page.locator("#summary").inner_text()
    assert page.locator("#tensors").inner_text() == "0"
    page.locator("#total").evaluate("e => e.textContent = '18099 ms'")  # long figures
    page.locator("#rate").evaluate("e => e.textContent = '1700 \u00d7 1440'")
    assert page.locator(".figures dd").evaluate_all("all => new Set(all.map(e => e.offsetTop)).size") == 1
    whole = count_drawn(page)
    assert int(page.locator("#overlay").get_attribute("data-labels")) >= 1
    page.locator("#toggles input[value=mesh]").focus()
    page.keyboard.press("Space")  # a layer: drawn again without a request
    assert 0 < count_drawn(page) < whole
    for times, name in enumerate(("body", "hand", "gesture", "face"), 2):
        page.locator(f"#toggles input[value={name}]").uncheck()
        detect(page, times)
    assert page.locator("#summary").inner_text() == "Nothing was found."
    assert count_drawn(page) == 0
    page.locator("details summary").click()
    assert '"face": []' in page.locator("#json").inner_text()
    assert page.evaluate_handle("document.documentElement").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_the_box_is_drawn_where_the_result_has_it(page, address):
    for name in ("mesh", "labels", "body", "hand", "gesture"):
        page.locator(f"#toggles input[value={name}]").uncheck()
    page.set_input_files("#file", FACE)
    detect(page)
    left, top, right, bottom = page.locator("#overlay").evaluate(
        """c => {
          const { data, width } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
          let box = [1e9, 1e9, 0, 0];
          for (let i = 3; i < data.length; i += 4) if (data[i]) {
            const x = ((i - 3) / 4) % width, y = Math.floor((i - 3) / 4 / width);
            box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)];
          }
          return box.map((v) => v * 256 / width);
        }"""
    )
    data, headers = (PICTURES / "human_face.png").read_bytes(), {"content-type": "image/png"}
    answer = httpx.post(f"{address}/v1/detect?form=slim&modules=face", content=data, headers=headers, timeout=60)
    x, y, width, height = answer.json()["face"][0]["box"]
    assert np.allclose((left, top, right, bottom), (x, y, x + width, y + height), atol=4)


def test_an_error_is_shown_and_the_next_picture_clears_it(page, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes((PICTURES / "human_face.png").read_bytes()[:3000])
    page.set_input_files("#file", str(broken))
    page.locator("#error").wait_for()
    assert "truncated" in page.locator("#error").inner_text()
    page.set_input_files("#file", FACE)
    detect(page)
    assert page.locator("#error").is_hidden()


def test_segments_have_a_legend_and_the_gallery_has_four_styles(page, tmp_path):
    small = tmp_path / "small.png"
    write_png(small, np.ascontiguousarray(read_picture("human_face")[::2, ::2]))
    page.set_input_files("#file", str(small))
    detect(page)
    page.locator("#tab-detect").focus()
    page.keyboard.press("ArrowRight")
    detect(page, 2)
    assert "person" in page.locator("#legend").inner_text()
    assert "rvm" in page.locator("#segment-model").inner_text()
    assert page.locator("#mask").is_visible()
    page.keyboard.press("ArrowRight")
    page.locator("#gallery img").nth(4).wait_for(timeout=60_000)
    assert [each.split("\n")[0] for each in page.locator("figcaption").all_inner_texts()] == [
        "original",
        "sketch",
        "pencil",
        "oil",
        "watercolor",
    ]


def test_the_parts_of_a_parsing_model_have_their_names_and_colours(browser, tmp_path):
    """Each channel of the picture is the mask of a class: three stripes are three parts of a third each."""
    parts = {"hair": (120, 80, 40), "coat": (20, 120, 200), "arm": (230, 180, 150)}
    write_class_map(tmp_path, "tiny-parser", size=(48, 96), labels=tuple(parts), colors=tuple(parts.values()))
    stripes = np.repeat(np.repeat(np.eye(3, dtype=np.uint8)[None] * 255, 64, axis=1), 96, axis=0)
    write_png(tmp_path / "stripes.png", stripes)
    cards, model = f"cards='{tmp_path}'", "segmentation.model_path='tiny-parser'"
    with serving("--set", cards, "--set", model) as address, opened(browser, address) as page:
        page.locator("#tab-segment").click()
        page.set_input_files("#file", str(tmp_path / "stripes.png"))
        detect(page)
        assert page.locator("#segment-model").inner_text() == "Model: tiny-parser. Its classes: hair, coat, arm."
        legend = page.locator("#legend li")
        assert [each.split() for each in legend.all_inner_texts()] == [[name, "33.3", "%"] for name in parts]
        assert legend.locator("rect").evaluate_all("all => all.map(e => e.getAttribute('fill'))") == [
            f"rgb({red} {green} {blue})" for red, green, blue in parts.values()
        ]
        shown = page.locator("#mask").evaluate(
            """e => {
              const c = document.createElement('canvas'), g = c.getContext('2d');
              c.width = e.naturalWidth; c.height = e.naturalHeight;
              g.drawImage(e, 0, 0);
              return [32, 96, 160].map((x) => [...g.getImageData(x, 48, 1, 1).data].slice(0, 3));
            }"""
        )
        assert [tuple(pixel) for pixel in shown] == list(parts.values())
        speck = np.zeros_like(stripes)
        speck[..., 0] = 255
        speck[:2, :2] = (0, 0, 255)
        write_png(tmp_path / "speck.png", speck)
        page.set_input_files("#file", str(tmp_path / "speck.png"))
        detect(page, times=2)
        assert legend.all_inner_texts() == ["hair\n100.0 %", "arm\n< 0.1 %"]


def test_the_webcam_streams_frames_until_it_is_stopped(page):
    page.locator("#camera").click()
    page.locator("#rate", has_text="fps").wait_for(timeout=60_000)  # from the second frame on
    page.locator("#camera").click()
    assert page.locator("#camera").get_attribute("aria-pressed") == "false"
    page.locator("#empty").wait_for()


def test_the_endpoints_are_described(page):
    page.goto("/docs")
    page.locator("h2", has_text="/v1/stream").wait_for()
    assert "curl -F image=@photo.jpg" in page.locator("main").inner_text()
