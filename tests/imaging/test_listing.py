"""The pictures of folders and patterns."""

import pytest

from humanrt.errors import InputError
from humanrt.imaging.listing import list_pictures


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.JPG", ".hidden.png", "notes.txt", "inner/d.webp", "inner/deep/e.avif", ".cache/f.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "inner" / "loop").symlink_to(tmp_path)
    return tmp_path


def names(folder, source, **options):
    return [path.relative_to(folder).as_posix() for path in list_pictures(source, **options)]


def test_a_folder_has_the_files_with_the_endings_of_pictures_in_order(folder):
    assert names(folder, folder) == names(folder, str(folder)) == ["a.JPG", "b.png"]


@pytest.mark.parametrize(
    "ending", ["avif", "bmp", "gif", "jfif", "jpeg", "jpg", "png", "tif", "tiff", "webp", "TIF", "Jpeg"]
)
def test_every_ending_of_the_accepted_formats_is_that_of_a_picture(tmp_path, ending):
    (tmp_path / f"a.{ending}").touch()
    assert names(tmp_path, tmp_path) == [f"a.{ending}"]


def test_a_recursive_list_has_those_in_inner_folders_and_follows_no_links(folder):
    assert names(folder, folder, recursive=True) == ["a.JPG", "b.png", "inner/d.webp", "inner/deep/e.avif"]


def test_a_pattern_has_files_of_any_ending(folder):
    assert names(folder, folder / "*.*") == ["a.JPG", "b.png", "notes.txt"]
    assert names(folder, f"{folder}/**/*.avif") == ["inner/deep/e.avif"]


def test_a_pattern_without_a_folder_is_of_the_current_one(folder, monkeypatch):
    monkeypatch.chdir(folder / "inner")
    assert [str(path) for path in list_pictures("*.webp")] == ["d.webp"]
    assert [str(path) for path in list_pictures("../*.png")] == ["../b.png"]


def test_a_file_is_itself_also_with_the_name_of_a_pattern(folder):
    (folder / "[1].png").touch()
    assert names(folder, folder / "[1].png") == ["[1].png"]


@pytest.mark.parametrize(("name", "message"), [("nothing", "does not exist"), ("*.gif", "no file fits the pattern")])
def test_what_does_not_exist_is_refused(folder, name, message):
    with pytest.raises(InputError, match=message):
        next(list_pictures(folder / name))


def test_a_folder_that_cannot_be_read_is_refused(folder, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        next(list_pictures(folder))


def test_the_empty_path_is_not_the_current_folder():
    with pytest.raises(InputError, match="the path is empty"):
        next(list_pictures(""))
