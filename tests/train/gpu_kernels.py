"""What of a graph would not run on a GPU, from the kernels that this TensorFlow, built for CUDA, has registered.

The wheels for Linux x86-64 hold all kernels for GPUs, also where there is none: placing a graph needs no GPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorflow.python.framework import kernels

from edgedigits.core.keras.backend import tf

SMALL = 8
"""Tensors of so few elements may lie on the processor: seeds, shapes, counters."""

CALLS = {"PartitionedCall", "StatefulPartitionedCall"}
FOR_GPUS = {"GPU", "DEFAULT"}


def amiss_on_a_gpu(graph: Any) -> list[str]:
    """Operations that have no kernel for GPUs, or one that keeps more than a few numbers on the processor."""
    return sorted({line for operation in _operations(graph) for line in _faults(operation)})


def _operations(graph: Any) -> Iterator[Any]:
    """Of a graph and of every function that it calls."""
    seen, waiting = set(), [graph]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        for operation in current.get_operations():
            yield operation
            names = [value.func.name for value in operation.node_def.attr.values() if value.HasField("func")]
            functions = (current._get_function(name) for name in names)
            waiting += [function.graph for function in functions if function is not None]


def _faults(operation: Any) -> Iterator[str]:
    if operation.type in CALLS:
        return
    registered = kernels.get_registered_kernels_for_op(operation.type).kernel
    fitting = [kernel for kernel in registered if kernel.device_type in FOR_GPUS and _fits(kernel, operation)]
    if not fitting:
        yield f"{operation.type} has no form for GPUs"
        return
    if operation.type == "Range":  # counts the steps of a loop
        return
    for name, tensor in _named_tensors(operation):
        size = tensor.shape.num_elements()
        large = tensor.dtype != tf.resource and (size is None or size > SMALL)
        if large and name in fitting[0].host_memory_arg:
            yield f"{operation.type} reckons on the processor with {tensor.dtype.name} {tensor.shape}"


def _fits(kernel: Any, operation: Any) -> bool:
    for constraint in kernel.constraint:
        wanted = operation.node_def.attr[constraint.name]
        types = list(wanted.list.type) if wanted.HasField("list") else [wanted.type]
        if any(kind not in constraint.allowed_values.list.type for kind in types if kind):
            return False
    return True


def _named_tensors(operation: Any) -> Iterator[tuple[str, Any]]:
    """Each input and output with the name that the operation's definition gives it."""
    definition, attributes = operation.op_def, operation.node_def.attr
    for arguments, tensors in (
        (definition.input_arg, list(operation.inputs)),
        (definition.output_arg, list(operation.outputs)),
    ):
        place = 0
        for argument in arguments:
            count = 1
            if argument.number_attr:
                count = attributes[argument.number_attr].i
            elif argument.type_list_attr:
                count = len(attributes[argument.type_list_attr].list.type)
            for tensor in tensors[place : place + count]:
                yield argument.name, tensor
            place += count
