"""Fine-tuning with tensorflow-model-optimization: pruning, clustering, quantization-aware training."""
