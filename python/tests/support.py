"""What several tests share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fenrun as fr

ROOT = Path(__file__).resolve().parents[2]


def rule(**keys: Any) -> dict[str, Any]:
    """A rule that pays 10 % and 5 % up the referral tree, unless told otherwise."""
    return {"id": "upline", "to": {"up": "referral"}, "pay": {"levels": ["10%", "5%"]}} | keys


def plan(*rules: dict[str, Any], **keys: Any) -> fr.Plan:
    """A plan of these rules."""
    document = {"schema": "fenrun.plan/1", "name": "a plan", "currency": "CNY", "rule": rules or [rule()]}
    return fr.Plan.parse(json.dumps(document | keys))


def sale(**keys: Any) -> dict[str, Any]:
    """A sale of one line of 99.99 with two people above the buyer."""
    return {"id": "O1", "buyer": "B", "upline": ["A", "M"], "lines": [{"id": 1, "paid": 9999}]} | keys
