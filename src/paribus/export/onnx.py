"""A trained network as an ONNX file, made from the plan node by node.

Made with ONNX's own helpers and not by PyTorch's exporter: a plan is a list of a dozen operators
that ONNX has too, so this needs no PyTorch, and tensors keep the plan's names. Normalization is in
evaluation mode and dropout is left out. A custom module is left to PyTorch's (`onnx_module`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import lacking, need
from paribus.export.formats import NotRecomputed, Recomputed, RunFormat
from paribus.export.trained import TrainedRun
from paribus.spec import layers as spec
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Node, Plan

# The first operator set that has Gelu, and the file format of its time, so that runtimes of 2024
# and later read it.
_OPSET, _IR_VERSION = 20, 9

_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "gelu": "Gelu"}
_AT_ONCE = 1000


def write(trained: TrainedRun, path: Path) -> None:
    """Write a model with the input `images`, float32 (N, C, H, W) with pixels in 0..1, and the
    outputs `logits` and `probabilities`, float32 (N, K)."""
    need("onnx", 'the format "onnx"')
    import onnx
    from onnx import helper

    network = trained.network
    if isinstance(network, ModuleNetwork):
        from paribus.export.onnx_module import model_of

        model = model_of(trained, network, _OPSET)
    else:
        model = _model(trained, network)
    model.producer_name = "paribus"
    model.doc_string = f"{trained.title}. Input: pixels in 0..1."
    helper.set_model_props(
        model,
        {
            "run": trained.run.id,
            "class_names": json.dumps(trained.class_names),
            "experiment": json.dumps(trained.experiment.settings()),
        },
    )
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def _model(trained: TrainedRun, plan: Plan) -> Any:
    """The model of a plan, node by node."""
    from onnx import TensorProto, helper, numpy_helper

    steps: list[Any] = []
    constants = [numpy_helper.from_array(array, name) for name, array in trained.tensors.items()]
    first = "images"
    if trained.normalization is not None:
        kept = trained.normalization.tensors().items()
        constants += [numpy_helper.from_array(value[:, None, None], name) for name, value in kept]
        for operator, (name, _) in zip(("Sub", "Div"), kept, strict=True):
            result = f"images_{operator.lower()}"
            steps.append(helper.make_node(operator, [first, name], [result], result))
            first = result
    last = _chain(plan.nodes, first, steps)
    steps.append(helper.make_node("Identity", [last], ["logits"], "logits"))
    steps.append(helper.make_node("Softmax", ["logits"], ["probabilities"], "softmax", axis=1))
    classes = len(trained.class_names)
    graph = helper.make_graph(
        steps,
        trained.names[0],
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", *trained.image_shape])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", classes])
            for name in ("logits", "probabilities")
        ],
        constants,
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )


def recompute(path: Path, images: NDArray[np.float32]) -> Recomputed | NotRecomputed:
    """Compute the probabilities of images (N, C, H, W) from the file, with onnxruntime."""
    if error := lacking("onnx", "the check", ("onnxruntime",)):
        return NotRecomputed(str(error))
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        path.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    parts = [
        session.run(["probabilities"], {"images": images[i : i + _AT_ONCE]})[0]
        for i in range(0, len(images), _AT_ONCE)
    ]
    return Recomputed("onnxruntime", np.concatenate(parts))


def _chain(nodes: tuple[Node, ...], value: str, steps: list[Any]) -> str:
    """Add the operators of nodes that begin with a value; gives the name of what they end with."""
    for node in nodes:
        value = _step(node, value, steps)
    return value


def _step(node: Node, value: str, steps: list[Any]) -> str:
    from onnx import helper

    inputs = [value]
    settings: dict[str, Any] = {}
    match node.layer:
        case spec.Conv(kernel=kernel, stride=stride, groups=groups):
            operator, inputs = "Conv", [value, f"{node.name}.weight", f"{node.name}.bias"]
            settings = {
                "kernel_shape": [kernel, kernel],
                "pads": [(kernel - 1) // 2] * 4,
                "strides": [stride, stride],
                "group": groups,
            }
        case spec.Linear():
            operator, inputs = "Gemm", [value, f"{node.name}.weight", f"{node.name}.bias"]
            settings = {"transB": 1}
        case spec.MaxPool(size=size) | spec.AvgPool(size=size):
            operator = "MaxPool" if isinstance(node.layer, spec.MaxPool) else "AveragePool"
            settings = {"kernel_shape": [size, size], "strides": [size, size]}
        case spec.GlobalAvgPool():
            maps = f"{node.name}.maps"
            steps.append(helper.make_node("GlobalAveragePool", [value], [maps], maps))
            operator, inputs, settings = "Flatten", [maps], {"axis": 1}
        case spec.BatchNorm():
            operator = "BatchNormalization"
            inputs = [value, *(tensor.name for tensor in node.tensors)]
            settings = {"epsilon": 1e-5}
        case spec.LayerNorm() | spec.GroupNorm():
            return _group_norm(node, value, steps)
        case spec.LeakyRelu(negative_slope=negative_slope):
            operator, settings = "LeakyRelu", {"alpha": negative_slope}
        case spec.Silu():
            sigmoid = f"{node.name}.sigmoid"
            steps.append(helper.make_node("Sigmoid", [value], [sigmoid], sigmoid))
            operator, inputs = "Mul", [value, sigmoid]
        case spec.Flatten():
            operator, settings = "Flatten", {"axis": 1}
        case spec.Dropout():
            return value
        case spec.Residual():
            body, *skips = node.branches
            skip = _chain(skips[0], value, steps) if skips else value
            operator, inputs = "Add", [skip, _chain(body, value, steps)]
        case spec.Concat():
            operator, settings = "Concat", {"axis": 1}
            inputs = [_chain(branch, value, steps) for branch in node.branches]
        case _:
            operator = _ACTIVATIONS[node.layer.kind]
    steps.append(helper.make_node(operator, inputs, [node.name], node.name, **settings))
    return node.name


def _group_norm(node: Node, value: str, steps: list[Any]) -> str:
    """Add the operators of a group normalization, whose own operator has a scale for each group up
    to operator set 20: an instance normalization of the groups, as PyTorch's exporter has it."""
    from onnx import helper, numpy_helper

    groups = node.layer.groups if isinstance(node.layer, spec.GroupNorm) else 1
    channels, *sides = node.input_shape

    def constant(what: str, array: NDArray[Any]) -> str:
        name = f"{node.name}.{what}"
        steps.append(
            helper.make_node("Constant", [], [name], name, value=numpy_helper.from_array(array))
        )
        return name

    def step(operator: str, what: str, *inputs: str, **settings: Any) -> str:
        name = f"{node.name}{what}"
        steps.append(helper.make_node(operator, inputs, [name], name, **settings))
        return name

    # 0: as many images as there are.
    grouped = step("Reshape", ".grouped", value, constant("groups", np.array([0, groups, -1])))
    ones = constant("ones", np.ones(groups, np.float32))
    zeros = constant("zeros", np.zeros(groups, np.float32))
    normal = step("InstanceNormalization", ".normal", grouped, ones, zeros, epsilon=1e-5)
    maps = step("Reshape", ".maps", normal, constant("shape", np.array([0, channels, *sides])))
    each = constant("each", np.array([channels, *(1 for _ in sides)]))
    scale = step("Reshape", ".scale_each", f"{node.name}.scale", each)
    shift = step("Reshape", ".shift_each", f"{node.name}.shift", each)
    return step("Add", "", step("Mul", ".scaled", maps, scale), shift)


FORMAT = RunFormat(".onnx", write, recompute)
