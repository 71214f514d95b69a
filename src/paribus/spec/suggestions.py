"""What a user probably meant: the names that other libraries give to ours."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.errors import did_you_mean
from paribus.text import shown

# Names elsewhere, lower case and without "_" and "-", by what they are called here. Several of ours
# where it depends on the table.
_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "lr": ("learningrate", "rate", "stepsize", "eta", "alpha", "baselr", "maxlr", "lr0"),
    "weight_decay": ("decay", "wd", "l2", "l2regularization", "regularization"),
    "betas": ("beta", "beta1", "beta2"),
    "eps": ("epsilon",),
    "epochs": ("nepochs", "numepochs", "maxepochs", "iterations"),
    "batch_size": ("batch", "bs", "minibatch", "minibatchsize"),
    "schedule": ("scheduler", "lrschedule", "lrscheduler", "learningrateschedule"),
    "initialisation": ("init", "initialization", "initializer", "weightinit"),
    "label_smoothing": ("smoothing",),
    "patience": ("earlystopping", "earlystop", "stopafter", "earlystoppingpatience"),
    "best_by": ("keep", "keepbest", "restorebest", "restorebestweights", "checkpoint", "monitor"),
    "ema": ("emadecay", "modelema", "weightaveraging", "weightaverage", "averaging", "swa"),
    "normalize": ("normalise", "normalization", "standardize", "standardization", "whiten"),
    "augment": ("augmentation", "augmentations", "transform", "transforms", "dataaugmentation"),
    "network": ("model", "layers", "architecture", "net", "module"),
    "optimizer": ("optimiser", "optim", "solver"),
    "data": ("dataset", "datapath", "datadir"),
    "images": ("trainimages", "ntrain", "trainsize", "samples"),
    "validation": ("val", "valid", "validationsplit", "validationsize", "valsize"),
    "test": ("testsplit", "testsize", "testshare"),
    "seeds": ("seed", "nseeds", "numseeds", "repeats", "repetitions", "runs", "trials"),
    "experiments": ("experiment", "variants", "models", "networks"),
    "questions": ("question", "compare", "comparisons"),
    "title": ("name", "study"),
    "from": ("base", "inherits", "extends", "parent"),
    "compare": ("between", "experiments", "pair"),
    "matters": ("threshold", "delta", "margin", "mattering", "equivalencemargin", "smallest"),
    "ask": ("question", "text", "title"),
    "about": ("differs", "factor", "factors", "aspect"),
    "factor_each": ("gamma", "factor"),
    "every": ("stepsize", "step", "period"),
    "final": ("etamin", "minlr", "end"),
    "rise": ("pctstart", "warmup", "warmupshare"),
    "start_divisor": ("divfactor",),
    "end_divisor": ("finaldivfactor",),
    # Layers and their settings.
    "linear": ("dense", "fc", "fullyconnected", "affine"),
    "conv": ("conv2d", "convolution", "convolution2d"),
    "maxpool": ("maxpool2d", "maxpooling", "maxpooling2d", "pool"),
    "globalavgpool": ("gap", "globalaveragepool", "globalaveragepooling2d", "adaptiveavgpool2d"),
    "avgpool": ("avgpool2d", "averagepool", "averagepooling2d", "meanpool"),
    "batchnorm": ("bn", "batchnorm2d", "batchnorm1d", "batchnormalization"),
    "layernorm": ("ln", "layernormalization"),
    "groupnorm": ("gn", "groupnormalization"),
    "groups": ("ngroups", "numgroups", "cardinality"),
    "dropout": ("drop", "dropout2d"),
    "flatten": ("reshape", "view"),
    "residual": ("skip", "resblock", "shortcut", "residualblock"),
    "skip": ("shortcut", "projection", "downsample", "identity"),
    "concat": ("cat", "concatenate", "branches", "inception"),
    "sigmoid": ("logistic",),
    "leakyrelu": ("lrelu", "relul"),
    "negative_slope": ("slope", "alpha", "leak"),
    "silu": ("swish", "swish1"),
    "channels": ("outchannels", "filters", "nfilters"),
    "kernel": ("kernelsize", "ksize", "filtersize"),
    "stride": ("strides", "subsample"),
    "size": ("poolsize", "window", "kernelsize", "kernel", "stride"),
    "features": ("outfeatures", "units", "neurons", "width"),
    "p": ("rate", "prob", "probability"),
    # Augmentation.
    "crop": ("randomcrop", "pad", "padcrop"),
    "shift": ("translate", "translation", "randomtranslation", "randomaffine"),
    "flip": ("hflip", "horizontalflip", "randomhorizontalflip", "randomflip", "mirror"),
    "cutout": ("randomerasing", "erase", "erasing"),
    "rotate": ("rotation", "randomrotation"),
    # Optimizers and schedules.
    "adamw": ("adamweightdecay",),
    "rmsprop": ("rms",),
    "cosine": ("cosineannealing", "cosineannealinglr", "cosinedecay"),
    "step": ("steplr", "multistep"),
    "one-cycle": ("onecycle", "onecyclelr", "1cycle"),
    "constant": ("none", "fixed"),
}

_DEPTHWISE = ("depthwise", "depthwiseconv", "depthwiseconv2d", "dwconv", "separableconv2d")
_SOFTMAX = ("softmax", "logsoftmax", "softmax2d", "crossentropy", "crossentropyloss")


def meant(got: str, known: Sequence[str]) -> str | None:
    """Return which of our names is called so elsewhere; None if none is.

    >>> meant("learning_rate", ["momentum", "lr"])
    'lr'
    """
    spelled = got.lower().replace("_", "").replace("-", "")
    return next((name for name in known if spelled in _ELSEWHERE.get(name, ())), None)


def suggest(got: str, known: Sequence[str]) -> str:
    """Return the tail of a message about an unknown name, like `did_you_mean`.

    >>> suggest("learning_rate", ["lr", "momentum"])
    'did you mean "lr"?'
    """
    ours = meant(got, known)
    return did_you_mean(got, known) if ours is None else f'did you mean "{ours}"?'


def not_a_layer(name: str, known: Sequence[str]) -> str:
    """Return what is said of a layer that there is not.

    >>> not_a_layer("softmax", ["relu"])
    '"softmax" is part of the loss; remove it'
    """
    spelled = name.lower().replace("_", "").replace("-", "")
    if spelled in _SOFTMAX:
        return f'"{name}" is part of the loss; remove it'
    if spelled in _DEPTHWISE:
        return (
            f'there is no layer "{shown(name)}"; write e.g. "conv 16 groups=16", with as many '
            "groups as channels"
        )
    return f'there is no layer "{shown(name)}"; {suggest(name, known)}'
