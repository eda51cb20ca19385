"""A network that is trained in seconds."""

from __future__ import annotations


def small_network(*, seed: int = 0):
    import tf_keras as keras

    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.DepthwiseConv2D(3, strides=2, activation="relu"),
            keras.layers.Conv2D(24, 1, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
