"""Large weights as halves in the file, whole again where the file is loaded: half its size for 11 bits of a weight.

The graph itself stays FP32: runtimes widen constants once, while they load.
"""

from typing import Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_LARGE: Final = 4096  # numbers: below, there is nothing to save
_HALF: Final = "/half"  # of a weight's name in the file
_GREATEST: Final = float(np.finfo(np.float16).max)


def narrow(model: ModelProto) -> ModelProto:
    """A copy that holds its large FP32 weights as FP16, each cast to FP32 by a node before all others."""
    stored = ModelProto()
    stored.CopyFrom(model)
    casts = []
    for tensor in stored.graph.initializer:
        if _can_be_halved(tensor):
            casts.append(_cast(tensor.name))
            half = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name + _HALF))
    nodes = [*casts, *stored.graph.node]
    del stored.graph.node[:]
    stored.graph.node.extend(nodes)
    return stored


def widen(model: ModelProto) -> None:
    """Undo `narrow`, in place; what it did to the last bits of weights stays."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        tensor = constants.get(node.input[0]) if node.op_type == "Cast" else None
        if tensor is not None and tensor.name.endswith(_HALF):
            whole = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(whole, node.output[0]))
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)


def _can_be_halved(tensor: TensorProto) -> bool:
    if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < _LARGE:
        return False
    return bool(np.abs(numpy_helper.to_array(tensor)).max() <= _GREATEST)


def _cast(name: str) -> NodeProto:
    return helper.make_node("Cast", [name + _HALF], [name], name=f"{name}/widen", to=TensorProto.FLOAT)
