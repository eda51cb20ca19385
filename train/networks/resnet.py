"""ResNet50 (He et al., 2015) with ImageNet weights, frozen, on digits of 28x28."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgedigits.core.datasets.mnist import SECONDS_TO_ANSWER
from edgedigits.core.datasets.places import cache_folder
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import keras

WEIGHTS_NAME = "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
WEIGHTS_ADDRESS = f"https://storage.googleapis.com/tensorflow/keras-applications/resnet/{WEIGHTS_NAME}"
WEIGHTS_MD5 = "4d473c1dd8becc155b73f8504c6f6626"
"""Checksum that Keras itself names for this file (``tf_keras.applications.resnet``)."""

_BACKBONE = "resnet50"
_IMAGENET_MEANS = (103.939, 116.779, 123.68)
"""Of blue, green and red over ImageNet, as Keras' ``caffe`` preprocessing subtracts them."""


def resnet50_features(values: Any) -> Any:
    """Digits of shape (batch, 28, 28, 1) between 0 and 1 to 2,048 averaged features, through frozen weights.

    The frame of two black pixels makes 32x32, the least that ResNet50 takes. Keras' ``caffe`` preprocessing (0 to
    255, minus the channel means) is written as a frozen 1x1 convolution, which the TFLite converter quantizes like
    any other.
    """
    layers = keras.layers
    values = layers.ZeroPadding2D(2)(values)
    values = layers.Conv2D(
        3,
        1,
        kernel_initializer=keras.initializers.Constant(255.0),
        bias_initializer=keras.initializers.Constant([-mean for mean in _IMAGENET_MEANS]),
        trainable=False,
        name="caffe_preprocessing",
    )(values)
    backbone = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(32, 32, 3))
    backbone.trainable = False
    # training=False keeps the statistics of batch normalization at ImageNet's.
    return layers.GlobalAveragePooling2D()(backbone(values, training=False))


def load_imagenet_weights(model: Any, file: Path | None) -> None:
    """Put ImageNet weights into a model made with :func:`resnet50_features`.

    Args:
        model: the Keras model.
        file: Keras' weights without top (``.h5``); None looks in the caches of edgedigits and Keras, then fetches.

    Raises:
        EdgedigitsError: missing or damaged file, or nothing found and no connection.
    """
    path = file or _cached() or _fetch()
    if not path.is_file():
        raise EdgedigitsError(f"no weights at {path}", f"fetch {WEIGHTS_ADDRESS}")
    try:
        model.get_layer(_BACKBONE).load_weights(str(path))
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise EdgedigitsError(
            f"{path} does not hold ResNet50's weights ({str(error).splitlines()[0][:150]})",
            f"fetch {WEIGHTS_ADDRESS}",
        ) from error


def _cached() -> Path | None:
    folders = (cache_folder() / "imagenet", Path.home() / ".keras" / "models")
    return next((folder / WEIGHTS_NAME for folder in folders if (folder / WEIGHTS_NAME).is_file()), None)


def _fetch() -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    try:
        downloader = pooch.HTTPDownloader(timeout=SECONDS_TO_ANSWER)
        folder = cache_folder() / "imagenet"
        return Path(pooch.retrieve(WEIGHTS_ADDRESS, f"md5:{WEIGHTS_MD5}", WEIGHTS_NAME, folder, downloader=downloader))
    except (requests.RequestException, OSError, ValueError) as error:
        raise EdgedigitsError(
            f"ResNet50's ImageNet weights were not found and could not be fetched ({type(error).__name__})",
            f"fetch {WEIGHTS_ADDRESS} on another machine and name the file with --weights",
        ) from error
