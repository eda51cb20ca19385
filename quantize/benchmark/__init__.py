"""Every recipe on one model, measured in the same way: the table of accuracy against size.

>>> from edgedigits.quantize.benchmark import BenchmarkRequest, benchmark
>>> results = benchmark(BenchmarkRequest("out/float/model.keras"), "out/bench")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedigits.core.lazy import lazy_exports

if TYPE_CHECKING:
    from edgedigits.quantize.benchmark.benchmark_request import BenchmarkRequest, check_folder, chosen_recipes
    from edgedigits.quantize.benchmark.benchmarking import BenchmarkInterrupted, benchmark

__all__ = ["BenchmarkInterrupted", "BenchmarkRequest", "benchmark", "check_folder", "chosen_recipes"]

__getattr__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("BenchmarkInterrupted", "benchmark"), "benchmarking"),
        **dict.fromkeys(("BenchmarkRequest", "check_folder", "chosen_recipes"), "benchmark_request"),
    },
    quiet=True,
)
