"""Recipes that train: pruning, clustering and quantization-aware training, through tensorflow-model-optimization."""
