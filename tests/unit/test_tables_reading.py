"""Sheets are read strictly, with the lines an editor shows."""

from __future__ import annotations

import pytest

from rheumeta.tables.reading import clean, decode, read_sheet
from rheumeta.tables.sheets import AWAITED, Column, Sheet

SMALL = Sheet("small", "", (Column("a", "text", ""), Column("b", "number", "")), ("a",))


def read(tmp_path, content, sheet=SMALL):
    path = tmp_path / "small.csv"
    path.write_bytes(content)
    return read_sheet(path, sheet, file="small.csv")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    raw, faults = read(tmp_path, b'a,b\nx,1\n"two\nlines",2\nz,3\n')
    assert faults == []
    assert [row.line for row in raw.rows] == [2, 3, 5]
    assert raw.rows[1].text == {"a": "two\nlines", "b": "2"}


def test_columns_may_stand_in_any_order(tmp_path):
    raw, faults = read(tmp_path, b"b,a\n1,x\n")
    assert faults == []
    assert raw.rows[0].text == {"a": "x", "b": "1"}


def test_a_last_line_without_line_end_is_read(tmp_path):
    raw, faults = read(tmp_path, b"a,b\nx,1")
    assert faults == []
    assert len(raw.rows) == 1


def test_reading_goes_on_after_a_fault_of_encoding(tmp_path):
    raw, faults = read(tmp_path, b"\xef\xbb\xbfa,b\r\n\xd6st,1\r\nz,2,3\r\n")
    assert [(f.code, f.line) for f in faults] == [
        ("byte_order_mark", 1), ("not_utf8", 2), ("crlf", 1), ("ragged_row", 3)
    ]  # fmt: skip
    assert raw.rows[0].text["a"] == "Öst"


def test_a_sheet_that_may_be_missing_or_empty_is_no_fault(tmp_path):
    assert read_sheet(tmp_path / "none.csv", AWAITED, file="x")[1] == []
    header = ",".join(c.name for c in AWAITED.columns).encode()
    assert read(tmp_path, header + b"\n", AWAITED)[1] == []


def test_decode_names_the_byte():
    _, faults = decode(b"a,b\nK\xf6ln,1\n", file="x.csv")
    assert (faults[0].line, faults[0].value) == (2, "ö")
    assert "Byte 6" in faults[0].message


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfa,b\r\nx,1\r\n", b"a,b\rx,1\r", b"a,b\nx,\xc2\xa01\n"])
def test_clean_makes_a_file_that_reads_without_such_faults(data, tmp_path):
    mended = clean(data)
    raw, faults = read(tmp_path, mended)
    assert faults == []
    assert raw.rows[0].text["b"].strip() == "1"
    assert clean(mended) == mended


def test_clean_keeps_everything_else():
    data = 'a,b\n"x, ""y""",Köln\n'.encode()
    assert clean(data) == data


def test_clean_does_not_guess_an_encoding():
    with pytest.raises(UnicodeDecodeError):
        clean(b"K\xf6ln\n")
