"""The two sides of a rating, users and items: what they are called, their numbers, and what is known of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError, OnionskinWarning, did_you_mean
from onionskin.learn.domains import _known
from onionskin.learn.domains._interactions import Interactions, plain
from onionskin.learn.domains._known import Known

Json = Any


@dataclass(frozen=True)
class Side:
    """All users, or all items, numbered from 1 on in the order of their names.

    Attributes:
        names: What they are called in the data: whole numbers or texts.
        known: How what is known of them becomes numbers.
        rows: By name, what is known.
        titles: By name, what people call them.
        column: Where they stand in the ratings.
    """

    names: tuple[Any, ...]
    known: Known
    rows: Mapping[Any, Mapping[str, Any]]
    titles: Mapping[Any, str]
    column: str

    @cached_property
    def number(self) -> Mapping[Any, int]:
        """The number of each name."""
        return {name: at for at, name in enumerate(self.names, start=1)}

    @cached_property
    def features(self) -> npt.NDArray[np.float32]:
        """What is known of each, (1 + names, width); of number 0, who is unknown, what is known of everybody."""
        found = np.zeros((1 + len(self.names), self.known.width), np.float32)
        found[0] = self.known.numbers({})
        for at, name in enumerate(self.names, start=1):
            found[at] = self.known.numbers(self.rows.get(name, {}))
        return found

    def numbers(self, names: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return the numbers of names that are all there."""
        return np.array([self.number[plain(name)] for name in names.tolist()], np.int64)

    def shown(self, number: int) -> str:
        """Return what people call one."""
        name = self.names[number - 1]
        return self.titles.get(name, str(name))

    def one(self, thing: Mapping[str, Any], kind: str) -> tuple[int, npt.NDArray[np.float32]]:
        """Return the number and features of one that a dict names by ``kind`` or by its column, or describes.

        Warns of one that is in no data. Raises OnionskinError where nothing is said of it.
        """
        name = next((thing[key] for key in (kind, self.column) if key in thing), None)
        described = any(column.name in thing for column in self.known.columns)
        found = self._number(name)
        if found:
            return found, self.features[found]
        if name is None and not described:
            what = ", ".join([kind, *(column.name for column in self.known.columns)])
            raise OnionskinError(f"no {kind} in {dict(thing)!r}", fix=f"give one, or what is known of it: {what}")
        if not described:
            near = did_you_mean(str(name), map(str, self.names), otherwise="")
            warnings.warn(f"{kind} {name!r} is in no data: the answer rests on averages alone. {near}".rstrip(),
                          OnionskinWarning, stacklevel=6)  # fmt: skip
        return 0, self.known.numbers(thing)

    def _number(self, name: Any) -> int:
        """Return the number of a name, also of a number written as text, and of a title; 0 if there is none."""
        if name in self.number:
            return self.number[name]
        text = str(name)
        if text.lstrip("-").isdigit() and int(text) in self.number:
            return self.number[int(text)]
        if text in self.number:
            return self.number[text]
        called = [key for key, title in self.titles.items() if title == text]
        return self.number[called[0]] if len(called) == 1 else 0

    def to_json(self) -> dict[str, Json]:
        """Return it as JSON."""
        columns = [column.name for column in self.known.columns]
        return {
            "names": list(self.names),
            "known": self.known.to_json(),
            "rows": [[self.rows.get(name, {}).get(column) for column in columns] for name in self.names],
            "titles": [self.titles.get(name) for name in self.names],
            "column": self.column,
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Json]) -> Self:
        """Return what :meth:`to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        known, names = Known.of_json(told["known"]), tuple(told["names"])
        if any(isinstance(name, bool) or not isinstance(name, int | str) for name in names) or len(set(names)) < len(
            names
        ):
            raise ValueError("names that are no whole numbers or texts, or that stand twice")
        columns = [column.name for column in known.columns]
        rows = {name: dict(zip(columns, row, strict=True)) for name, row in zip(names, told["rows"], strict=True)}
        titles = {name: str(title) for name, title in zip(names, told["titles"], strict=True) if title is not None}
        return cls(names, known, rows, titles, str(told["column"]))


@dataclass(frozen=True)
class People:
    """Both sides. ``notes`` says what of them is not used."""

    users: Side
    items: Side
    notes: tuple[str, ...] = ()

    def pair(self, thing: Any) -> tuple[int, int, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return the numbers of a user and an item, and their features, of a pair or a dict. Raises OnionskinError."""
        if not isinstance(thing, Mapping):
            if not isinstance(thing, Sequence) or isinstance(thing, str) or len(thing) != 2:
                raise OnionskinError(f"{thing!r} is no pair", fix="give (user, item), or a dict with both")
            thing = {"user": thing[0], "item": thing[1]}
        (user, user_features), (item, item_features) = self.users.one(thing, "user"), self.items.one(thing, "item")
        return user, item, user_features, item_features

    def to_json(self) -> dict[str, Json]:
        """Return both as JSON."""
        return {"users": self.users.to_json(), "items": self.items.to_json()}

    @classmethod
    def of_json(cls, told: Mapping[str, Json]) -> Self:
        """Return what :meth:`to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(Side.of_json(told["users"]), Side.of_json(told["items"]))


def meet(found: Interactions, users: Any, items: Any) -> People:
    """Return everybody who rates, or is known, and everything that is rated, or is known.

    Raises:
        OnionskinError: What is known is not of these users or items, or cannot be read.
    """
    sides, notes = [], []
    for kind, names, source in (("user", found.users, users), ("item", found.items, items)):
        sheet = _known.read(source, kind)
        here = {plain(name) for name in set(names.tolist())}
        if sheet.rows and not here & set(sheet.rows):
            raise OnionskinError(f"none of the {len(here):,} {kind}s is among those that something is known of: "
                                 f"{next(iter(here))!r} here, {next(iter(sheet.rows))!r} there",
                                 fix=f"write the {kind}s the same way in both")  # fmt: skip
        unknown = len(here - set(sheet.rows))
        if sheet.rows and unknown:
            notes.append(f"of {unknown:,} of {len(here):,} {kind}s nothing is known")
        notes += sheet.notes
        everybody = here | set(sheet.rows)
        order = sorted(everybody, key=lambda name: (isinstance(name, str), name))
        sides.append(Side(tuple(order), sheet.known, sheet.rows, sheet.titles, found.columns[kind]))
    return People(sides[0], sides[1], tuple(notes))
