"""QR images: those that a reader of QR codes has read in the tests of the crate, byte for byte."""

from __future__ import annotations

from typing import Any

import fenrun as fr
import pytest
from support import ROOT

LINK = "https://shop.example/p/7?color=red&s=AQEAAAAA6QcA0zgW44XUpsYF7A#top"
GOLDEN = ROOT / "qr/tests/golden"


def test_the_golden_images() -> None:
    assert fr.qr(LINK) == (GOLDEN / "link.svg").read_text()
    assert fr.qr(LINK, correction="quartile", module=3) == (GOLDEN / "small.svg").read_text()
    assert fr.qr(LINK, format="png", correction="quartile", module=3) == (GOLDEN / "small.png").read_bytes()
    header = fr.qr("1", format="png", module=10, margin=0)[16:24]
    assert [int.from_bytes(header[:4]), int.from_bytes(header[4:])] == [210, 210]


@pytest.mark.parametrize(
    ("text", "style", "name", "says"),
    [
        ("a" * 1274, {"correction": "high"}, "too_large", "1274 bytes; a QR code of correction `high` holds at most 1273"),
        ("", {}, "invalid_value", "an empty text"),
        ("a", {"module": 65}, "invalid_value", "a module of 65 dots; from 1 to 64"),
        ("a", {"margin": -1}, "invalid_value", "margin"),
        ("a", {"format": "gif"}, "unknown_word", "svg, png"),
        ("a", {"correction": "M"}, "unknown_word", "low, medium, quartile, high"),
    ],
)
def test_what_cannot_be_drawn(text: str, style: dict[str, Any], name: str, says: str) -> None:
    with pytest.raises(fr.DocumentError, match=says) as caught:
        fr.qr(text, **style)
    assert caught.value.name == name
