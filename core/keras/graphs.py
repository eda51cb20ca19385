"""Whether a network is a graph of layers, which can be taken apart and built anew."""

from __future__ import annotations

from typing import Any


def is_graph(model: Any) -> bool:
    """Whether a model or layer of tf_keras is a functional or sequential network."""
    return bool(getattr(model, "_is_graph_network", False))
