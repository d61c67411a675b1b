"""A column of points in time at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from bulkcall.validate.moments import Moments

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Times:
    """A column of times, read."""

    epoch_ms: NDArray[np.int64]
    """Epoch milliseconds; 0 where the reading is not OK."""
    readings: NDArray[np.int8]
    """`TimeReading` of each cell."""


class TimeReader:
    """Reads columns of trimmed time cells."""

    def __init__(self, timezone: str, date_format: str, *, typed: bool = False) -> None:
        self.moments = Moments(timezone, date_format, typed=typed)
        self._one = lru_cache(maxsize=100_000)(self.moments.read)

    def read(self, texts: pa.Array) -> Times:
        """Read a string column."""
        encoded = texts.dictionary_encode()
        pairs = [self._one(text) for text in encoded.dictionary.to_pylist()]
        values = np.array([value for _, value in pairs], dtype=np.int64)
        readings = np.array([reading for reading, _ in pairs], dtype=np.int8)
        rows = encoded.indices.to_numpy()
        return Times(values[rows], readings[rows])
