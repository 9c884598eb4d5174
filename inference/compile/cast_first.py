"""A graph whose pixels are cast before anything else."""

from onnx import ModelProto

from inference.compile.graph import finish


def cast_first(source: ModelProto) -> ModelProto:
    """The same graph as TensorRT takes it: there uint8 can be a network's input, but only into a cast.

    Raises `ValueError` where PHOTO meets anything but a cast, or a transposition before one.
    https://docs.nvidia.com/deeplearning/tensorrt/api/python_api/infer/FoundationalTypes/DataType.html (UINT8)
    """
    model = ModelProto()
    model.CopyFrom(source)
    nodes = model.graph.node
    (first, at), *others = [(node, i) for i, node in enumerate(nodes) if "PHOTO" in node.input]
    if first.op_type == "Cast" and not others:
        return model
    behind = [(node, i) for i, node in enumerate(nodes) if first.output[0] in node.input]
    if others or first.op_type != "Transpose" or [node.op_type for node, _ in behind] != ["Cast"]:
        raise ValueError("TensorRT takes uint8 pixels into a cast only, and this graph does something else with them")
    [(cast, cast_at)] = behind
    first.input[0], first.output[0], cast.input[0], cast.output[0] = (
        first.output[0],
        cast.output[0],
        "PHOTO",
        first.output[0],
    )
    ordered = list(nodes)
    ordered.insert(at, ordered.pop(cast_at))
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(ordered)
    return finish(model, source)
