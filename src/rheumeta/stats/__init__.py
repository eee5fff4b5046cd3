"""Statistics of meta-analysis: arrays in, frozen dataclasses out."""

from rheumeta.stats.pooling import (
    METHODS,
    BatchResult,
    PoolResult,
    leave_one_out,
    pool,
    pool_batch,
)

__all__ = [
    "METHODS",
    "BatchResult",
    "PoolResult",
    "leave_one_out",
    "pool",
    "pool_batch",
]
