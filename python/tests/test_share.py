"""Codes that only the shop can make; the same ones as in every language."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import fenrun as fr
import pytest

KEY = bytes(range(32))


def test_a_code_says_who_shared() -> None:
    keys = fr.ShareKeys({1: KEY}, 1)
    code = keys.sign(1001)
    assert code == "AQEAAAAA6QcA0zgW44XUpsYF7A" == fr.ShareKeys({1: KEY.hex()}, 1).sign(1001)
    assert keys.open(code, 0) == fr.Share(1001, 0, None)
    until = dt.datetime(1970, 1, 1, 0, 2, 59, tzinfo=dt.UTC)
    link = keys.link("https://shop.example/p/7#top", 1001, campaign=12, expires=until)
    assert link.startswith("https://shop.example/p/7?s=AQ") and link.endswith("#top")
    assert keys.open(link, 119_999) == fr.Share(1001, 12, 120_000)
    with pytest.raises(fr.ForestError) as raised:
        keys.open(link, until)
    assert raised.value.name == "expired_share_code"
    assert pickle.loads(pickle.dumps(keys)).open(code, 0).member == 1001
    assert KEY.hex() not in repr(keys)


def test_keys_are_changed() -> None:
    """An old key is known while its codes are out, one that leaked is not."""
    code = fr.ShareKeys({1: KEY}, 1).sign(5)
    new = bytes(16)
    assert fr.ShareKeys({1: KEY, 2: new}, 2).open(code, 0).member == 5
    for keys, name in (({1: new}, "invalid_share_code"), ({2: KEY}, "unknown_share_key")):
        with pytest.raises(fr.ForestError) as raised:
            fr.ShareKeys(keys, *keys).open(code, 0)
        assert raised.value.name == name
    with pytest.raises(fr.ForestError, match="the link holds no share code"):
        fr.ShareKeys({1: KEY}, 1).open("https://shop.example/p/7", 0)


@pytest.mark.parametrize(
    ("keys", "signing", "message"),
    [
        ({}, 1, "is to sign and is not among the keys"),
        ({1: bytes(15)}, 1, "share key 1 has 15 bytes; 16 at least"),
        ({1: "zz"}, 1, "pairs of hex digits"),
        ({1: KEY}, 2, "share key 2 is to sign"),
        ({300: KEY}, 300, "an id from 0 to 255"),
    ],
)
def test_keys_that_are_none(keys: dict[int, Any], signing: int, message: str) -> None:
    with pytest.raises(fr.DocumentError, match=message):
        fr.ShareKeys(keys, signing)


def test_members_are_numbers() -> None:
    keys = fr.ShareKeys({1: KEY}, 1)
    with pytest.raises(fr.DocumentError, match="share: `member`.*one of the shop's own table"):
        keys.sign("cid")  # type: ignore[arg-type]
    with pytest.raises(fr.Error, match="member id 0"):
        keys.sign(0)
    with pytest.raises(TypeError, match=r"input\.sign\.expires is 1\.5, a float; give an int"):
        keys.sign(1, expires=1.5)  # type: ignore[arg-type]
