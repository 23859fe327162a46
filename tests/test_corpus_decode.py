import pytest

from corpus.decode import decode
from corpus.errors import Unreadable

TEXT = "Straße \u2013 “naïve” café, 10 €. The ferry\u2019s café is open.\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_an_encoding_is_recognised(encoding: str) -> None:
    bom = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert decode(bom + TEXT.encode(encoding)).text == TEXT


def test_latin_1_is_recognised() -> None:
    text = "Él dejó el año pasado la Coruña"
    assert decode(text.encode("latin-1")).text == text


def test_another_alphabet_is_recognised() -> None:
    text = "Паром затонул на рассвете. Никто не пострадал, сообщили в порту. " * 5
    assert decode(text.encode("cp1251")).text == text


def test_what_the_document_declares_is_believed() -> None:
    assert decode("渡し船は夜明けに".encode("shift_jis"), "shift_jis").text == "渡し船は夜明けに"


def test_an_unknown_declaration_is_passed_over() -> None:
    assert decode("café".encode("cp1252"), "no-such-encoding").text == "café"


def test_a_damaged_byte_does_not_spoil_the_rest_of_a_utf_8_text() -> None:
    decoded = decode("Straße und Café\n".encode() + b"\xff" + "Grüße".encode())
    assert decoded.text == "Straße und Café\n\ufffdGrüße"
    assert decoded.damaged == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7\n...", "a PDF file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a PNG image"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"\x1f\x8b\x08\x00rest", "gzip data"),
        (bytes(range(256)) * 10, "binary data"),
        ("no mark".encode("utf-16-le"), "binary data"),
    ],
)
def test_bytes_that_are_no_text_are_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(data)


def test_a_stray_nul_does_not_make_a_text_binary() -> None:
    assert decode(b"a\x00b and so on").text == "a\x00b and so on"
