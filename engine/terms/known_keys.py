"""The keys that the deal format knows, read from its models.

They serve for advice on a misspelt key, and on a block of another shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from engine.terms.source import Path


@cache
def known_keys() -> tuple[str, ...]:
    """Return every key that some part of the format knows."""
    # These modules use this one for their own messages, so they are only known once it runs.
    from engine.terms.clause import Clause
    from engine.terms.in_force import TermsInForce
    from engine.terms.takeover import KEY, Takeover

    keys: set[str] = {"amendments", "corrections", "worked_examples", KEY}
    seen: set[type[BaseModel]] = set()
    waiting: list[type[BaseModel]] = [TermsInForce, Takeover, *_descendants(Clause)]
    while waiting:
        model = waiting.pop()
        # A condition holds conditions, so the walk would not end without this.
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            keys.add(field.alias or name)
            waiting += _models(field.annotation)
    return tuple(sorted(keys))


def _descendants(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [descendant for child in model.__subclasses__() for descendant in (child, *_descendants(child))]


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models inside a type, however it is wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]


def keys_wanted(path: Path) -> str | None:
    """Return in words the block that belongs at a path of the deal file, with its keys; None if none does.

    It reads like: a block with `every`, `due` and the others.
    """
    from engine.terms.in_force import TermsInForce  # late: the terms themselves explain their errors

    annotation: Any = TermsInForce
    for step in path:
        models = _models(annotation)
        fields = {
            field.alias or name: field.annotation
            for model in models
            for name, field in model.model_fields.items()
        }
        annotation = fields.get(str(step)) if not _named(annotation) else _inside(annotation)
    models = _models(annotation)
    if not models:
        return None
    keys = ", ".join(f"`{field.alias or name}`" for name, field in models[0].model_fields.items())
    return f"`NAME:` for each, and beneath it {keys}" if _named(annotation) else f"a block with {keys}"


def _named(annotation: Any) -> bool:
    """Return whether a type is a block in which the deal names each part itself."""
    origins = (get_origin(annotation), *(get_origin(part) for part in getattr(annotation, "__args__", ())))
    return any(isinstance(origin, type) and issubclass(origin, Mapping) for origin in origins)


def _inside(annotation: Any) -> Any:
    """Return the type of the parts of a block in which the deal names each part itself."""
    parts = (annotation, *getattr(annotation, "__args__", ()))
    whole = next(
        part for part in parts if isinstance(get_origin(part), type) and issubclass(get_origin(part), Mapping)
    )
    return get_args(whole)[1]
