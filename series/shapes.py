"""Whether what a JSON file holds has the shape that its reader expects."""

import dataclasses
import types
import typing
from typing import Any


def has_shape(value: object, hint: Any) -> bool:
    """Whether a value out of JSON has the shape that a type hint describes.

    Args:
        value: what was read.
        hint: a plain type, `list[…]`, `dict[str, …]`, `… | None`, `Any`, or a dataclass, which
            stands for a dict with the names of its fields. Fields with a default may be missing,
            and other names may be there.
    """
    if hint is Any:
        return True
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return isinstance(value, dict) and all(
            has_shape(value[field.name], hints[field.name])
            if field.name in value
            else field.default is not dataclasses.MISSING
            or field.default_factory is not dataclasses.MISSING
            for field in dataclasses.fields(hint)
        )
    parts = typing.get_args(hint)
    kind = typing.get_origin(hint) or hint
    if kind is types.UnionType:
        return any(has_shape(value, part) for part in parts)
    if kind is list:
        return isinstance(value, list) and all(has_shape(each, parts[0]) for each in value)
    if kind is dict:
        return isinstance(value, dict) and all(has_shape(each, parts[1]) for each in value.values())
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is kind or (value is None and kind is types.NoneType)
