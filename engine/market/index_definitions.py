"""The definitions of the indices: each is a name, a GPU model and a country (`index.md`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.basics.values import Fact

Country = Annotated[str, Field(pattern="(?:^|, )[A-Z]{2}$")]
"""How geolocations of a country end: with two capital letters. Anything else would match nothing."""


class IndexDefinition(Fact):
    """An index: its name, its GPU model as the marketplace names it, and its countries.

    A country is written as geolocations end with it.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,59}$")
    gpu_name: str = Field(min_length=1)
    country: Country | Annotated[tuple[Country, ...], Field(min_length=1)] = "US"

    @property
    def countries(self) -> tuple[str, ...]:
        """Every country of the index."""
        return (self.country,) if isinstance(self.country, str) else self.country


KNOWN = {
    definition.name: definition
    for definition in (
        IndexDefinition(name="CRI-H100", gpu_name="H100 SXM"),
        IndexDefinition(name="CRI-H200", gpu_name="H200"),
        IndexDefinition(name="CRI-L40S", gpu_name="L40S"),
        IndexDefinition(name="CRI-A100-PCIE", gpu_name="A100 PCIE"),
        IndexDefinition(name="CRI-V100", gpu_name="Tesla V100"),
        IndexDefinition(name="CRI-RTX4090", gpu_name="RTX 4090"),
    )
}
"""The indices that ship. A workspace may define more."""
