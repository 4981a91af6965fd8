"""The engine of fenrun; import `fenrun`, not this."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from os import PathLike
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

__all__ = [
    "Forest",
    "Names",
    "Order",
    "Outcome",
    "Plan",
    "Teams",
    "__version__",
    "add_up",
    "check_ids",
    "codes",
    "components",
    "draw_qr",
    "edge_faults",
    "exponent",
    "number_texts",
    "operation_names",
    "parse_amounts",
    "preset",
    "preset_names",
    "reverse",
    "row_keys",
    "run",
    "settle",
]

__version__: str

_Row = tuple[str, str, int, str, str | None, int, str]
_Slot = tuple[str, str | None, int, str | None, str | None, str | int, int, int, int, str | None]

@disjoint_base
class Plan:
    def __new__(cls, plan: str | Mapping[str, Any], format: str | None) -> Self: ...
    @property
    def name(self) -> str:
        """The plan's name."""
    @property
    def currency(self) -> str:
        """The currency it pays in, a code of ISO 4217."""
    @property
    def ranks(self) -> tuple[str, ...]:
        """The names of its ranks, lowest first."""
    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON: the identity of the plan."""
    @property
    def canonical(self) -> str:
        """Canonical JSON: sorted keys, no blanks, defaults left out."""
    @property
    def names(self) -> tuple[str, ...]:
        """The names of all facts and components it reads."""
    def check_document(self) -> Any:
        """The report of `check` as a document."""
    def amounts(
        self,
        chain: int | Sequence[int | str | Mapping[str, Any] | None] | npt.NDArray[Any],
        base: Any,
        *,
        units: int = 1,
    ) -> tuple[int, ...]:
        """What each person of an upline gets of one line of goods, in minor units, nearest first.

        ``chain`` is the upline: ids, or people as dicts with ``id``, ``rank`` and facts, or only how many
        there are. ``base`` is what the line was paid, in minor units or as a ``Decimal``.

        It serves plans that pay the upline only. One of flat levels is paid without evaluating a sale; the
        ids are then counted and not looked at.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@disjoint_base
class Outcome:
    def __new__(cls, plan: Plan, sale: Mapping[str, Any] | str) -> Self: ...
    @property
    def sale(self) -> str:
        """The id of the sale."""
    @property
    def tenant(self) -> str:
        """The tenant, empty for a host with one shop."""
    @property
    def version(self) -> int:
        """The version of the sale, from 1."""
    @property
    def plan(self) -> str:
        """The hash of the plan."""
    @property
    def plan_text(self) -> str:
        """The canonical JSON of the plan."""
    @property
    def sale_text(self) -> str:
        """The sale as canonical JSON."""
    @property
    def currency(self) -> str:
        """The currency of every amount."""
    @property
    def pool(self) -> int:
        """What the plan offered, in minor units."""
    @property
    def retained(self) -> dict[str, int]:
        """What nobody got, by reason, in minor units."""
    @property
    def conserved(self) -> bool:
        """Whether rows and retained amounts sum to the pool."""
    @property
    def frozen(self) -> str:
        """Everything a later `reverse` needs, as text: keep it beside the order."""
    def row_tuples(self) -> list[_Row]:
        """The rows as tuples."""
    def trace_tuples(self) -> list[_Slot]:
        """Every slot as a tuple: rule, line, level, stands, payee, rate, base, below, amount, reason."""
    def explain_lines(self, lang: str) -> list[str]:
        """Why everybody got what they got, a line a slot."""
    def to_dict(self) -> dict[str, Any]:
        """The outcome as `docs/reference/plan.md` writes it: plain dicts, lists, texts and ints."""

@final
class Names:
    def __new__(cls, texts: list[str], what: str) -> Self: ...
    def numbers(self, texts: list[str], what: str) -> npt.NDArray[np.uint64]:
        """The numbers of texts; an empty one is nobody, 0."""
    def texts(self) -> list[str]:
        """The texts, in the order of their numbers."""

@disjoint_base
class Forest:
    def __new__(
        cls,
        members: npt.NDArray[np.uint64],
        inviters: npt.NDArray[np.uint64],
        names: Names | None,
        rank_names: list[str],
        ranks: npt.NDArray[np.uint8] | None,
        facts: dict[str, Any],
        source: str | PathLike[str] | Forest | None = None,
    ) -> Self: ...
    def stating(
        self, rank_names: list[str], ranks: npt.NDArray[np.uint8] | None, facts: dict[str, Any]
    ) -> Forest:
        """The forest with other ranks and facts, in join order."""
    def save(self, path: str | PathLike[str]) -> None:
        """Writes the forest as one file."""
    def appended(self, change: Mapping[str, Any]) -> Forest:
        """The forest with a change, which is in the journal of a forest that was opened."""
    def caught_up(self) -> Forest | None:
        """The forest with the changes that came into its journal since; nothing when there are none."""
    def is_stale(self) -> bool:
        """Whether the forest was saved anew since it was opened."""
    def __len__(self) -> int: ...
    def __contains__(self, member: int | str, /) -> bool: ...
    def parent(self, member: int | str, at: int | datetime | None = None) -> Any:
        """The inviter of a member, `None` for nobody; at a moment, or now."""
    def upline(self, member: int | str, at: int | datetime | None = None) -> list[Any]:
        """The people above a member, nearest first; at a moment, or now.

        A moment is an int of milliseconds since 1970, or a datetime with a zone. It is the account that was called
        so then, which may have been merged into another one since.
        """
    def history(self, member: int | str) -> list[tuple[int | None, Any]]:
        """Every inviter a member had, oldest first: from when on, in milliseconds since 1970, and who.

        The first one counts since always, which is `None`; nobody is `None` too. Of an account that was merged into
        another one it is its own history.
        """
    def rank(self, member: int | str) -> str | None:
        """The rank of a member, `None` for no rank."""
    def facts(self, member: int | str) -> dict[str, Any]:
        """The facts of a member."""
    def edges(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
        """The numbers of all members and of their inviters, in join order."""
    def rank_columns(self) -> tuple[list[str], npt.NDArray[np.uint8]]:
        """The names of the ranks, and the rank of each member in join order: 0 for none, else from 1."""
    def closed_column(self) -> npt.NDArray[np.bool_]:
        """Whether the account of each member, in join order, was closed or merged into another one."""
    def history_columns(
        self,
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Every inviter each member had: the numbers of both, from when on in milliseconds, and whether that is known."""
    def team_sums(self, own: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What each member and everybody below them have together, both in join order."""
    def image(self) -> bytes:
        """The bytes `save` would write."""
    def place(self) -> tuple[PathLike[str], int, int, int, int] | None:
        """Where a forest that was opened is, which save that was, and how much of its journal it holds."""
    @staticmethod
    def of_image(image: bytes, place: tuple[PathLike[str], int, int, int, int] | None = None) -> Forest:
        """The forest in bytes that `image` gave, at the place that `place` gave."""
    @property
    def names(self) -> Names | None:
        """The text ids, `None` when ids are integers."""

@final
class Teams:
    """Who stands below whom, in a forest as it is. `Forest.teams` makes them.

    Immutable: share them freely between threads. They pickle. Where a member may be ``None``, it is about all members
    together.

    >>> import fenrun as fr
    >>> teams = fr.Forest.from_edges([1, 2, 3, 4], [None, 1, 1, 2]).teams()
    >>> teams.page(1), teams.size(2), teams.generations(1), teams.is_above(1, 4)
    ([2, 4, 3], 1, [2, 1], True)
    """

    def __new__(cls, forest: Forest) -> Self: ...
    def is_above(self, above: int | str, below: int | str) -> bool:
        """Whether one member stands above another one, however far; nobody is above themselves."""
    def depth(self, member: int | str) -> int:
        """How many steps below its root a member stands; 0 for a root."""
    def size(self, member: int | str | None) -> int:
        """How many people stand below a member."""
    def page(self, member: int | str | None, after: int = 0, limit: int = 50) -> list[Any]:
        """A page of the team of a member, after so many of it.

        Each inviter stands before those they invited, and those of one inviter in join order.
        """
    def below(self, member: int | str | None) -> list[Any]:
        """Who stands directly below a member, in join order; who has no inviter for `None`."""
    def generations(self, member: int | str | None) -> list[int]:
        """How many people stand one, two, three … steps below a member."""

@disjoint_base
class Order:
    def __new__(cls, order_id: str | int, tenant: str, events: list[Any]) -> Self: ...
    def handle(self, command: Mapping[str, Any] | str) -> tuple[list[dict[str, Any]], bool]:
        """Decides a command given as a document; the answer is its events and whether it came before."""
    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything that happened, oldest first."""
    def sale(self) -> dict[str, Any]:
        """The sale of a placed order as a document."""
    @property
    def state(self) -> Any:
        """What the order is now."""
    @property
    def id(self) -> str:
        """The order's id."""
    @property
    def tenant(self) -> str:
        """The tenant, empty for a host with one shop."""
    @property
    def version(self) -> int:
        """How many events there are; the next command may name it as `expected_version`."""
    @property
    def life(self) -> str:
        """The stage of the life cycle: `paid`, `shipped`, `completed` …"""

def add_up(
    payees: npt.NDArray[np.int64], accounts: npt.NDArray[np.uint16] | None, amounts: npt.NDArray[np.int64]
) -> list[npt.NDArray[np.int64]]: ...
def check_ids(texts: list[str], what: str) -> None: ...
def codes() -> dict[str, tuple[int, str]]: ...
def components() -> list[str]: ...
def draw_qr(text: str, format: str, correction: str, module: int, margin: int) -> bytes: ...
def edge_faults(
    members: npt.NDArray[np.uint64], inviters: npt.NDArray[np.uint64]
) -> tuple[list[list[int]], list[int], list[int], list[tuple[int, int, bool]], list[int]]: ...
def exponent(currency: str) -> int: ...
def number_texts(
    members: list[str], inviters: list[str]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]: ...
def operation_names() -> list[str]: ...
def parse_amounts(texts: list[str], currency: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]: ...
def preset(name: str) -> str: ...
def preset_names() -> list[str]: ...
def reverse(
    frozen: str, refund: Any, before: list[Any], standing: list[Any] | None
) -> tuple[list[tuple[str, str, str, str, int]], list[tuple[str, str, str, int]], int]: ...
def row_keys(plan: Plan, tenant: str, columns: dict[str, Any]) -> list[str]: ...
def run(operation: str, plan: Plan | None, input: Any) -> Any: ...
def settle(
    plan: Plan, forest: Forest, columns: dict[str, Any], tenant: str, threads: int
) -> dict[str, Any]: ...
