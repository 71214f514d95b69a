"""Train variants of a small image classifier over seeds; tell which differences are real.

    from paribus import Experiment, Question, Sgd, Study

    results = Study(...).run()
    results.runs(), results.curves()

The names below and `paribus.stats` are the public interface; docs/compatibility.md says what is
promised of them. Each is loaded when it is first used, so that `import paribus` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paribus.data.function import save_arrays as save_arrays
    from paribus.errors import ParibusError as ParibusError
    from paribus.errors import UserError as UserError
    from paribus.judged import Judged as Judged
    from paribus.judged import judge as judge
    from paribus.judged import judge_values as judge_values
    from paribus.results import Results as Results
    from paribus.results import run as run
    from paribus.spec.experiment import Experiment as Experiment
    from paribus.spec.files import load_study as load_study
    from paribus.spec.layers import AvgPool as AvgPool
    from paribus.spec.layers import BatchNorm as BatchNorm
    from paribus.spec.layers import Concat as Concat
    from paribus.spec.layers import Conv as Conv
    from paribus.spec.layers import Dropout as Dropout
    from paribus.spec.layers import Flatten as Flatten
    from paribus.spec.layers import Gelu as Gelu
    from paribus.spec.layers import GlobalAvgPool as GlobalAvgPool
    from paribus.spec.layers import GroupNorm as GroupNorm
    from paribus.spec.layers import LayerNorm as LayerNorm
    from paribus.spec.layers import LeakyRelu as LeakyRelu
    from paribus.spec.layers import Linear as Linear
    from paribus.spec.layers import MaxPool as MaxPool
    from paribus.spec.layers import Relu as Relu
    from paribus.spec.layers import Residual as Residual
    from paribus.spec.layers import Sigmoid as Sigmoid
    from paribus.spec.layers import Silu as Silu
    from paribus.spec.layers import Tanh as Tanh
    from paribus.spec.network import ModuleNetwork as ModuleNetwork
    from paribus.spec.question import BestQuestion as BestQuestion
    from paribus.spec.question import InteractionQuestion as InteractionQuestion
    from paribus.spec.question import Question as Question
    from paribus.spec.recipe import Adam as Adam
    from paribus.spec.recipe import AdamW as AdamW
    from paribus.spec.recipe import Constant as Constant
    from paribus.spec.recipe import Cosine as Cosine
    from paribus.spec.recipe import OneCycle as OneCycle
    from paribus.spec.recipe import RmsProp as RmsProp
    from paribus.spec.recipe import Sgd as Sgd
    from paribus.spec.recipe import Step as Step
    from paribus.spec.study import Study as Study
    from paribus.spec.tune import Space as Space
    from paribus.spec.tune import Tune as Tune

__version__ = "0.1.0"

_MODULES = {
    "data.function": ("save_arrays",),
    "errors": ("ParibusError", "UserError"),
    "judged": ("Judged", "judge", "judge_values"),
    "results": ("Results", "run"),
    "spec.experiment": ("Experiment",),
    "spec.files": ("load_study",),
    "spec.layers": (
        "AvgPool", "BatchNorm", "Concat", "Conv", "Dropout", "Flatten", "Gelu", "GlobalAvgPool",
        "GroupNorm", "LayerNorm", "LeakyRelu", "Linear", "MaxPool", "Relu", "Residual", "Sigmoid",
        "Silu", "Tanh",
    ),
    "spec.network": ("ModuleNetwork",),
    "spec.recipe": ("Adam", "AdamW", "Constant", "Cosine", "OneCycle", "RmsProp", "Sgd", "Step"),
    "spec.question": ("BestQuestion", "InteractionQuestion", "Question"),
    "spec.study": ("Study",),
    "spec.tune": ("Space", "Tune"),
}  # fmt: skip
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name == "stats":
        return import_module("paribus.stats")
    if name not in _HOME:
        raise AttributeError(f'module "paribus" has no attribute "{name}"')
    return getattr(import_module(f"paribus.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
