"""Share codes: who shared, signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import _fenrun


@dataclass(frozen=True, slots=True)
class Share:
    """What a code says."""

    member: int
    """Who shared."""
    campaign: int
    """What for: a number of the shop's, 0 where it does not matter."""
    expires: int | None
    """From when on it is refused, in milliseconds of UTC; None for never."""


class ShareKeys:
    """Share codes: who shared, for which campaign and until when, signed so that nobody makes one up.

    ``keys`` are those the shop keeps, by their ids from 0 to 255: bytes, 16 or more, or their hex digits. The one
    with the id ``signing`` signs and the others are still known, so a key is changed without breaking codes that are
    out. Members are numbers: where ids are texts, those of the shop's own table. Immutable: share it freely between
    threads. It pickles, keys and all.

    >>> keys = ShareKeys({1: bytes(range(32))}, signing=1)
    >>> keys.sign(1001)
    'AQEAAAAA6QcA0zgW44XUpsYF7A'
    >>> keys.open(keys.link("https://shop.example/p/7", 1001, campaign=12), now=0)
    Share(member=1001, campaign=12, expires=None)

    Raises DocumentError for keys that are none, or too short.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Mapping[int, bytes | str], signing: int) -> None:
        known = {str(id): key.hex() if isinstance(key, bytes) else key for id, key in keys.items()}
        self._keys: dict[str, Any] = {"keys": known, "signing": signing}
        # Whatever is wrong with them is told here.
        self.sign(1)

    def sign(self, member: int, *, campaign: int = 0, expires: int | dt.datetime | None = None) -> str:
        """A code. ``expires`` is in milliseconds of UTC, or a datetime with a zone; seconds of it are cut off."""
        return str(self._made(member, campaign, expires, None)["code"])

    def link(self, page: str, member: int, *, campaign: int = 0, expires: int | dt.datetime | None = None) -> str:
        """A link to a page of the shop with a code in it, as `sign` makes it."""
        return str(self._made(member, campaign, expires, page)["link"])

    def open(self, code: str, now: int | dt.datetime) -> Share:
        """What a code, or a link with one, says, if one of these keys signed it and it has not expired.

        Raises ForestError for any other code.
        """
        kind = "link" if "://" in code else "code"
        said = _fenrun.run("share", None, {**self._keys, kind: code, "now": now})
        return Share(int(said["member"]), said["campaign"], said["expires"])

    def _made(self, member: int, campaign: int, expires: int | dt.datetime | None, page: str | None) -> Any:
        sign = {"member": member, "campaign": campaign, "expires": expires}
        return _fenrun.run("share", None, {**self._keys, "sign": sign, "page": page})

    def __repr__(self) -> str:
        return f"<fenrun.ShareKeys of which {self._keys['signing']} signs>"
