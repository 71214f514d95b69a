"""Small networks that between them have every layer in every place it can stand."""

from __future__ import annotations

_MAPS = ["flatten", "linear 3"]
_ANYWHERE = [
    *(
        "relu",
        "leakyrelu negative_slope=0.3",
        "tanh",
        "sigmoid",
        "silu",
        "gelu",
        "batchnorm",
        "layernorm",
        "groupnorm 2",
        "dropout 0.3",
    ),
]

# Input is (C, 7, 7), output 3 classes. A layer that learns stands before each layer of interest,
# so that the gradient which that one passes on is seen too.
NETWORKS: dict[str, list[str]] = {
    **{
        f"conv kernel={k} stride={s}": ["conv 2", f"conv 3 kernel={k} stride={s}", *_MAPS]
        for k in (1, 3, 5)
        for s in (1, 2, 3)
    },
    "conv wider than its input": ["conv 2 stride=4", "conv 2 kernel=7", *_MAPS],
    **{
        f"{pool} {size}": ["conv 2", f"{pool} {size}", "conv 2", *_MAPS]
        for pool in ("maxpool", "avgpool")
        for size in (2, 3)
    },
    **{f"{layer} of maps": ["conv 2", layer, *_MAPS] for layer in _ANYWHERE},
    **{f"{layer} of features": ["flatten", "linear 6", layer, "linear 3"] for layer in _ANYWHERE},
    **{
        f"{layer} first": [layer.replace("groupnorm 2", "groupnorm CHANNELS"), "conv 2", *_MAPS]
        for layer in ("maxpool 2", *_ANYWHERE)
    },
    "residual": ["conv 4", "residual [relu, conv 4]", *_MAPS],
    "residual with batchnorm": ["conv 4", "residual [batchnorm, relu, conv 4 kernel=5]", *_MAPS],
    "residual in residual": ["conv 2", "residual [tanh, residual [conv 2, gelu], conv 2]", *_MAPS],
    "residual of features": ["flatten", "linear 4", "residual [linear 4, sigmoid]", "linear 3"],
    "residual of one linear": ["flatten", "linear 4", "residual [linear 4]", "linear 3"],
    "residual first": ["residual [relu]", "residual [conv CHANNELS, tanh]", *_MAPS],
    "residual that does not learn": ["conv 2", "residual [tanh, dropout 0.5]", *_MAPS],
    "activations in residual": [
        *("conv 2", "silu", "residual [conv 2, leakyrelu negative_slope=0.5]", "residual [silu]"),
        *("leakyrelu", *_MAPS),
    ],
    **{
        f"conv groups=2 kernel={k} stride={s}": [
            *("conv 4", f"conv 6 groups=2 kernel={k} stride={s}", *_MAPS),
        ]
        for k in (1, 3, 5, 7)
        for s in (1, 2)
    },
    "conv groups first": ["conv 6 groups=CHANNELS", "relu", "conv 4 groups=2", *_MAPS],
    "depthwise": [
        *("conv 6", "batchnorm", "relu", "conv 6 groups=6 stride=2", "relu", "conv 4 kernel=1"),
        *("residual [relu, conv 4 groups=4]", "residual [batchnorm, conv 4 groups=2, relu]"),
        *("globalavgpool", "linear 3"),
    ],
    "globalavgpool": ["conv 2", "globalavgpool", "linear 3"],
    "globalavgpool first": ["globalavgpool", "linear 3"],
    "globalavgpool of relu": ["conv 4", "relu", "globalavgpool", "linear 4", "relu", "linear 3"],
    "groupnorm then relu": [
        *("conv 6", "groupnorm 3", "relu", "conv 4 stride=2", "relu", "layernorm", *_MAPS),
    ],
    "groupnorm in residual": [
        *("conv 4", "residual [groupnorm 2, relu, conv 4]", "residual [layernorm]", "groupnorm 4"),
        *("tanh", *_MAPS),
    ],
    "projection": [
        *("conv 2", "residual [conv 4 stride=2, relu, conv 4] skip=[conv 4 kernel=1 stride=2]"),
        *("tanh", *_MAPS),
    ],
    "projection of batchnorm": [
        *("conv 4", "batchnorm", "relu"),
        "residual [conv 6, batchnorm, relu, conv 6, batchnorm] skip=[conv 6 kernel=1, batchnorm]",
        *("relu", "globalavgpool", "linear 3"),
    ],
    "projection first": ["residual [conv 4, tanh] skip=[conv 4 kernel=1]", *_MAPS],
    "projection that does not learn": ["conv 2", "residual [maxpool 2] skip=[avgpool 2]", *_MAPS],
    "projection past a mean": [
        *("conv 2", "relu", "residual [globalavgpool] skip=[flatten, linear 2]", "linear 3"),
    ],
    "projection past flatten": [
        "conv 2",
        "residual [flatten, linear 2] skip=[globalavgpool]",
        "linear 3",
    ],
    "projection of features": [
        *("flatten", "residual [linear 6, gelu, linear 4] skip=[linear 4]", "linear 3"),
    ],
    "projections nested": [
        "conv 2",
        "residual [residual [conv 2] skip=[tanh], relu, conv 4] "
        "skip=[residual [conv 4] skip=[conv 4 kernel=1], dropout 0.2]",
        *_MAPS,
    ],
    "concat": [
        "conv 3",
        "concat [[conv 2, relu], [conv 4 kernel=1], [residual [conv 3, dropout 0.3]]]",
        *_MAPS,
    ],
    "concat of the input": ["conv 2", "relu", "concat [[], [conv 4, relu]]", "relu", *_MAPS],
    "concat twice": [
        *("conv 2", "concat [[conv 2], []]", "batchnorm", "relu", "concat [[], [conv 2]]"),
        *("batchnorm", "relu", "globalavgpool", "linear 3"),
    ],
    "concat that does not learn": ["concat [[], [relu]]", "concat [[relu], [tanh]]", *_MAPS],
    "concat first": ["concat [[], [conv 2]]", "conv 2", *_MAPS],
    "concat of features": [
        *("flatten", "linear 4", "concat [[linear 2, tanh], [], [relu]]", "linear 3"),
    ],
    "concat of what is flat": [
        "concat [[globalavgpool], [conv 2, flatten], [flatten]]",
        "linear 3",
    ],
    "concat in residual": [
        *("conv 4", "residual [concat [[conv 2], [conv 2 kernel=5]], relu]", "relu", *_MAPS),
    ],
    "residual in concat": [
        *(
            "conv 4",
            "concat [[residual [relu, conv 4]], [residual [conv 2] skip=[conv 2]]]",
            *_MAPS,
        ),
    ],
    "dropout twice": ["dropout 0.2", "conv 2", "dropout 0.4", "flatten", "linear 3"],
    "mlp": ["flatten", "linear 8", "relu", "linear 8", "relu", "linear 3"],
    "cnn": ["conv 3", "relu", "maxpool 2", "conv 4", "batchnorm", "relu", "avgpool 2", *_MAPS],
}


def network(name: str, channels: int) -> list[str]:
    """The network of a name for images of so many channels."""
    return [text.replace("CHANNELS", str(channels)) for text in NETWORKS[name]]
