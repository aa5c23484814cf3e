"""Fonts are made here, of tables with the checksums that the OpenType specification describes: sums of uint32."""

from struct import pack

import pytest

from humanrt.drawing.fontfile import is_font
from humanrt.drawing.text import Type
from humanrt.errors import ConfigError

# One table of two words, after a header of 12 bytes and a directory of 16: 1 + 0xFFFFFFFF is 0 modulo 2**32.
TABLE = pack(">II", 1, 0xFFFFFFFF)


def font(magic=b"\0\1\0\0", checksum=0, offset=28, length=8, count=1):
    return magic + pack(">HHHH", count, 0, 0, 0) + pack(">4sIII", b"glyf", checksum, offset, length) + TABLE


@pytest.mark.parametrize("magic", [b"\0\1\0\0", b"OTTO", b"true"])
def test_whole_tables_are_a_font(magic, tmp_path):
    (tmp_path / "font").write_bytes(font(magic))
    assert is_font(str(tmp_path / "font"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"root:x:0:0:root:/root:/bin/sh\n",
        b"ttcf",
        b"ttcf" + bytes(8) + pack(">I", 2**32 - 1),
        b"\0\1\0\0" + b"\xff" * 100,
        font(count=0),
        font(count=2),
        font(offset=29),
        font(length=2**32 - 1),
        font(checksum=1),
        font()[:-1],
    ],
)
def test_other_files_are_refused(data, tmp_path):
    (tmp_path / "font").write_bytes(data)
    with pytest.raises(ConfigError, match="is not a font or is damaged"):
        Type(str(tmp_path / "font"), 20, 25).measure(("H",))


def test_folders_and_names_that_no_file_has_are_refused(tmp_path):
    for name in (str(tmp_path), "/dev/zero", "a\0b", "\ud800"):
        assert not is_font(name)
