"""Finds parts by name: those built in, and those that other installed packages register.

A part of another package is registered by an entry point of its group, in its pyproject.toml:

    [project.entry-points."paribus.metrics"]
    balanced_accuracy = "my_package.metrics:BALANCED_ACCURACY"
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from paribus.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


class Registry(Generic[T]):
    """The parts of one group by name, each loaded when it is first asked for.

    group: a plural noun, e.g. "metrics"; what: its singular, for messages. built_in: the place of
    each part as "module:attribute". A built-in name cannot be taken by another package.

    >>> cases = Registry[str]("cases", "case", {"lower": "string:ascii_lowercase"})
    >>> cases.get("lower")[:3]
    'abc'
    >>> "upper" in cases
    False
    """

    def __init__(self, group: str, what: str, built_in: Mapping[str, str]) -> None:
        self.group = group
        self._what = what
        self._built_in = dict(built_in)
        self._loaded: dict[str, T] = {}

    @cached_property
    def _registered(self) -> dict[str, EntryPoint]:
        # It takes longer to load than all else here, and most names are built in.
        from importlib.metadata import entry_points

        found = entry_points(group=f"paribus.{self.group}")
        return {point.name: point for point in found if point.name not in self._built_in}

    def names(self) -> list[str]:
        """Return all names, the built-in ones first, in the order in which they were listed."""
        return [*self._built_in, *sorted(self._registered)]

    def __contains__(self, name: str) -> bool:
        return name in self._built_in or name in self._registered

    def get(self, name: str) -> T:
        """Return the part of a name.

        Raises `UserError` if there is none, or if the package that registers it cannot be loaded.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> T:
        if name in self._built_in:
            module, _, attribute = self._built_in[name].partition(":")
            return cast(T, getattr(import_module(module), attribute))
        if name not in self._registered:
            raise UserError(
                f'there is no {self._what} "{name}"; {did_you_mean(name, self.names())}'
            )
        point = self._registered[name]
        try:
            return cast(T, point.load())
        except Exception as error:  # Another package's code may raise anything.
            raise UserError(
                f'{self._what} "{name}": cannot be loaded from {point.value}: '
                f"{type(error).__name__}: {error}; repair or uninstall its package"
            ) from error
