"""What TensorFlow Lite Micro runs: the methods of ``MicroMutableOpResolver`` by TFLite's names of operators.

Source: tensorflow/lite/micro/micro_mutable_op_resolver.h, and the kernels of the package ``tflite-micro`` of October
2026. Loads nothing: what advises users of other targets asks it, too.
"""

from __future__ import annotations

_SAME = (
    "ABS ADD CAST CEIL CONCATENATION COS DEQUANTIZE DIV ELU EQUAL EXP FILL FLOOR GATHER GREATER IF LESS LOG LOGISTIC "
    "MAXIMUM MEAN MINIMUM MUL NEG PACK PAD PRELU QUANTIZE RELU RELU6 RESHAPE ROUND RSQRT SHAPE SIN SLICE SOFTMAX SPLIT "
    "SQRT SQUARE SQUEEZE SUB SUM SVDF TANH TRANSPOSE UNPACK WHILE"
)
"""Operators whose method is ``Add`` and their name with one capital."""

_WORDS = (
    "ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO CALL_ONCE DEPTH_TO_SPACE "
    "DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP EXPAND_DIMS FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER_ND GREATER_EQUAL "
    "HARD_SWISH L2_NORMALIZATION LEAKY_RELU LESS_EQUAL LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOG_SOFTMAX MIRROR_PAD "
    "NOT_EQUAL READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 "
    "SELECT_V2 SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT_V SQUARED_DIFFERENCE STRIDED_SLICE TRANSPOSE_CONV VAR_HANDLE "
    "ZEROS_LIKE"
)
"""Operators whose method is ``Add`` and the words of their name with a capital each."""

_OTHERS = {
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "BATCH_MATMUL": "AddBatchMatMul",
    "CONV_2D": "AddConv2D",
    "CUMSUM": "AddCumSum",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "L2_POOL_2D": "AddL2Pool2D",
    "MAX_POOL_2D": "AddMaxPool2D",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}

METHODS: dict[str, str] = {
    **{name: f"Add{name.capitalize()}" for name in _SAME.split()},
    **{name: "Add" + "".join(word.capitalize() for word in name.split("_")) for name in _WORDS.split()},
    **_OTHERS,
}
"""The method by TFLite's name of a builtin operator."""

_SIGNAL = (
    "Delay Energy FftAutoScale FilterBank FilterBankLog FilterBankSpectralSubtraction FilterBankSquareRoot Framer "
    "Irfft OverlapAdd PCAN Rfft Stacker Window"
)
"""Custom operators of its signal library, whose names start with ``Signal`` in a model."""

CUSTOM_METHODS: dict[str, str] = {
    "CIRCULAR_BUFFER": "AddCircularBuffer",
    "TFLM_DECODE": "AddDecode",
    "TFLite_Detection_PostProcess": "AddDetectionPostprocess",
    "ethos-u": "AddEthosU",
    **{f"Signal{name}": f"Add{name}" for name in _SIGNAL.split()},
}
"""The method by the name of a custom operator that TensorFlow Lite Micro has a kernel for."""
