"""The documentation site: generated pages, links between pages, and the build."""

import pytest

import docs
import docs_pages
import humanrt


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A small repository; returns a function that writes a page of it."""
    monkeypatch.setattr(docs_pages, "ROOT", tmp_path)
    monkeypatch.setattr(docs_pages, "PAGES", tmp_path / "engine" / "docs")

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_links_between_pages_become_links_of_the_site(repository):
    readme = repository("README.md", "[a](engine/docs/a.md#b), ![c](engine/docs/images/c.png), [d](CHANGELOG.md#e)")
    assert docs_pages.in_site(readme) == "[a](a.md#b), ![c](images/c.png), [d](changelog.md#e)"
    page = repository(
        "engine/docs/a.md", "[a](#b), [c](c.md), [d](../../README.md), [e](https://example.com/README.md)"
    )
    assert docs_pages.in_site(page) == "[a](#b), [c](c.md), [d](index.md), [e](https://example.com/README.md)"


def test_code_is_not_searched_for_links(repository):
    text = "```python\nf[0](x)\n```\n\n[a](README.md)\n"
    assert docs_pages.in_site(repository("README.md", text)) == "```python\nf[0](x)\n```\n\n[a](index.md)\n"


def test_a_link_to_a_file_without_a_page_is_refused(repository):
    with pytest.raises(ValueError, match=r"README\.md: links to pyproject\.toml, which has no page"):
        docs_pages.in_site(repository("README.md", "[a](pyproject.toml)"))


def test_the_reference_describes_every_public_name_once():
    text = "\n".join(docs_pages.reference_pages().values())
    for name in set(humanrt.__all__) - {"__version__"}:
        assert text.count(f"::: humanrt.{name}\n") == 1
    assert "::: humanrt.errors.InputError\n" in text


def test_the_examples_page_has_every_file():
    page = docs_pages.examples_page()
    for path in (docs_pages.ROOT / "examples").glob("*.py"):
        assert f"## {path.name}\n" in page


def test_a_measured_block_is_replaced_by_name():
    page = "a\n<!-- measured: x -->\nold\n<!-- end -->\nb\n<!-- measured: y -->\n<!-- end -->\n"
    expected = "a\n<!-- measured: x -->\n\nnew\n\n<!-- end -->\nb\n<!-- measured: y -->\n<!-- end -->\n"
    assert docs.measured(page, {"x": "new\n"}) == expected
    assert docs.measured(expected, {"x": "new"}) == expected


def test_the_excerpt_has_the_default_models_of_human():
    rows = docs.model_excerpt().splitlines()
    assert rows[0] == "| model | module | difference | ONNX Runtime, ms | TF.js WASM, ms |"
    assert len(rows) == 2 + 11


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("zensical", reason="the dependency group docs is not installed")
    assert docs.build(tmp_path) == 0
    built = {path.stem for path in (tmp_path / "docs").glob("*.html")}
    assert {name.removesuffix(".md") for name in docs_pages.site_pages()} <= built
    front = (tmp_path / "docs" / "index.html").read_text(encoding="utf-8")
    assert "images/human_body.jpg" in front
    assert (tmp_path / "docs" / "images" / "human_body.jpg").exists()
    assert 'src="https://' not in front
