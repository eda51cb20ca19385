"""TensorFlow and its Keras 2, for ``train`` and ``quantize`` alone."""
