"""QR images of share links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from . import _fenrun

if TYPE_CHECKING:
    _Correction: TypeAlias = Literal["low", "medium", "quartile", "high"]


@overload
def qr(
    text: str,
    *,
    format: Literal["svg"] = "svg",
    correction: _Correction = "medium",
    module: int = 8,
    margin: int = 4,
) -> str: ...
@overload
def qr(
    text: str,
    *,
    format: Literal["png"],
    correction: _Correction = "medium",
    module: int = 8,
    margin: int = 4,
) -> bytes: ...
def qr(
    text: str,
    *,
    format: Literal["svg", "png"] = "svg",
    correction: _Correction = "medium",
    module: int = 8,
    margin: int = 4,
) -> str | bytes:
    """A share link, or any text, as a QR code: the text of an SVG, or the bytes of a PNG.

    ``correction`` is how much of the code may be covered: ``low`` 7 %, ``medium`` 15 %, ``quartile`` 25 %,
    ``high`` 30 %. ``module`` is the dots along the side of its smallest square, from 1 to 64, ``margin`` the
    squares of white around it, at most 64; the standard asks for four.

    >>> qr("https://shop.example/?s=AQ")[:4]
    '<svg'
    >>> qr("https://shop.example/?s=AQ", format="png", correction="high")[1:4]
    b'PNG'

    Raises DocumentError for a text that is empty or that no code of this correction holds, with both lengths.
    """
    image = _fenrun.draw_qr(text, format, correction, module, margin)
    return image.decode() if format == "svg" else image
