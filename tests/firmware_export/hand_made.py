"""A library with an exported one's interface and simple arithmetic, to try what is built around it."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.targets import LibraryFiles, TestVector

PIXELS = 784
OUTPUTS = 10

_HEADER = """\
#ifndef NAME_H
#define NAME_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#define NAME_ARENA_BYTES 794
#define NAME_ARENA_ATTRIBUTE
#define NAME_INPUT_BYTES 784
#define NAME_OUTPUT_BYTES 10
#define NAME_INPUT_OFFSET 0
#define NAME_OUTPUT_OFFSET 784
extern const char name_version[];
extern const char name_model_sha256[];
int name_run(int8_t *arena, const int8_t *input, int8_t *output);
void name_input_from_grey(const uint8_t *grey, int8_t *input);
int name_top1(const int8_t *output);
int name_confidence(const int8_t *output);
const char *name_label(int place);
#ifdef __cplusplus
}
#endif
#endif
"""

_SOURCE = """\
#include "name.h"
#include <stddef.h>
const char name_version[] = "1.2.3";
const char name_model_sha256[] = "SHA";
int name_run(int8_t *arena, const int8_t *input, int8_t *output)
{
    int i;
    if (arena == NULL || input == NULL || output == NULL || RUNS == 0) {
        return -1;
    }
    for (i = 0; i < 10; i++) {
        output[i] = (int8_t)(input[70 * i] ^ input[783 - i]);
    }
    return 0;
}
void name_input_from_grey(const uint8_t *grey, int8_t *input)
{
    int i;
    for (i = 0; i < 784; i++) {
        input[i] = (int8_t)(grey[i] - 128);
    }
}
int name_top1(const int8_t *output)
{
    int best = 0;
    int i;
    for (i = 1; i < 10; i++) {
        if (output[i] > output[best]) {
            best = i;
        }
    }
    return best;
}
int name_confidence(const int8_t *output)
{
    return (output[name_top1(output)] + 128) * 125 / 32;
}
const char *name_label(int place)
{
    static const char labels[11][2] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ""};
    return labels[place >= 0 && place < 10 ? place : 10];
}
"""


def random_images(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), np.uint8)


def outputs_of(image: NDArray[np.uint8]) -> tuple[int, ...]:
    """What the library's ``run`` gives for an image."""
    values = image.reshape(-1) ^ 128
    places = np.arange(OUTPUTS)
    return tuple(int(value) for value in (values[70 * places] ^ values[783 - places]).view(np.int8))


def hand_made_library(name: str = "digits", *, runs: bool = True) -> LibraryFiles:
    sha256 = hashlib.sha256(name.encode()).hexdigest()

    def named(text: str) -> str:
        return text.replace("name", name).replace("NAME", name.upper())

    images = random_images(3)
    return LibraryFiles(
        name=name,
        header=named(_HEADER),
        source=named(_SOURCE).replace("SHA", sha256).replace("RUNS", str(int(runs))),
        sha256=sha256,
        version="1.2.3",
        input_bytes=PIXELS,
        output_bytes=OUTPUTS,
        labels=tuple("0123456789"),
        arena_bytes={"plain": 794, "dsp": 794, "helium": 794},
        vectors=tuple(TestVector(image.tobytes(), outputs_of(image)) for image in images),
    )
