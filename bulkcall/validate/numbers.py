"""A column of phone numbers at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from bulkcall.validate.numbering import Numbering

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers, read."""

    digits: NDArray[np.int64]
    """Digits with country code; 0 where the reading is not OK."""
    readings: NDArray[np.int8]
    """`NumberReading` of each cell."""


class NumberReader:
    """Reads columns of trimmed number cells."""

    def __init__(self, region: str) -> None:
        self.plan = Numbering(region)
        self._one = lru_cache(maxsize=100_000)(self.plan.read)

    def read(self, texts: pa.Array) -> Numbers:
        """Read a string column."""
        encoded = texts.dictionary_encode()
        pairs = [self._one(text) for text in encoded.dictionary.to_pylist()]
        values = np.array([value for _, value in pairs], dtype=np.int64)
        readings = np.array([reading for reading, _ in pairs], dtype=np.int8)
        rows = encoded.indices.to_numpy()
        return Numbers(values[rows], readings[rows])
