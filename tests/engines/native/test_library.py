"""The native kernels against the same networks in float64 (tests/support/reference.py)."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.engines.native import library as native
from paribus.engines.native.library import (
    Method,
    Operation,
    Optimizer,
    Record,
    TensorKind,
)
from paribus.engines.native.network import NativeNetwork
from paribus.errors import ParibusError
from tests.support.reference import (
    AVERAGE_POOL,
    BATCH_NORM,
    FLATTEN,
    GELU,
    MAX_POOL,
    NETWORKS,
    RELU,
    SIGMOID,
    TANH,
    Reference,
    average_pool,
    conv,
    linear,
    max_pool,
    residual,
)

pytestmark = pytest.mark.skipif(native.library_path() is None, reason="the kernels were not built")

SMALL = (1, 28, 28)


def pair(
    program: list[Record],
    input_CHW: tuple[int, int, int],
    optimizer: Optimizer | None = None,
    *,
    threads: int = 1,
    label_smoothing: float = 0.0,
) -> tuple[NativeNetwork, Reference]:
    """A network and its judge, starting from the same parameters."""
    optimizer = optimizer or Optimizer()
    judge = Reference(program, input_CHW, optimizer, label_smoothing)
    judge.initialize(seed=7)
    network = NativeNetwork(
        program, input_CHW, optimizer, threads=threads, label_smoothing=label_smoothing
    )
    for index, tensor in enumerate(judge.parameters):
        network.write(TensorKind.PARAMETERS, index, tensor)
    for index, tensor in enumerate(judge.statistics):
        network.write(TensorKind.STATISTICS, index, tensor)
    return network, judge


def batch(
    count: int, input_CHW: tuple[int, int, int], classes: int, seed: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    images = random.normal(size=(count, *input_CHW)).astype(np.float32)
    return images, random.integers(0, classes, count)


def relative_error(got: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference, relative to the largest value."""
    scale = np.abs(expected).max()
    return float(np.abs(got - expected.ravel()).max() / (scale if scale > 0 else 1))


PROGRAMS = {
    "linear": [FLATTEN, linear(5)],
    "mlp": [FLATTEN, linear(33), RELU, linear(7), TANH, linear(5)],
    "flat residual": [FLATTEN, linear(9), *residual(RELU, linear(9)), linear(5)],
    "flat batchnorm": [FLATTEN, linear(9), BATCH_NORM, RELU, linear(5)],
    "conv 1": [conv(6, 1), RELU, FLATTEN, linear(5)],
    "conv 3": [conv(7), SIGMOID, FLATTEN, linear(5)],
    "conv 5": [conv(3, 5), conv(5, 5), TANH, FLATTEN, linear(5)],
    "conv widths": [conv(9), conv(17, 1), conv(4), RELU, conv(1), FLATTEN, linear(5)],
    "conv wide": [conv(16), RELU, conv(32), RELU, conv(16), RELU, FLATTEN, linear(5)],
    "relu, max pool": [conv(6), RELU, MAX_POOL, conv(4), FLATTEN, linear(5)],
    "max pool, relu": [conv(6), MAX_POOL, RELU, conv(4), MAX_POOL, FLATTEN, linear(5)],
    "max pool first": [MAX_POOL, conv(4), FLATTEN, linear(5)],
    "relu first": [RELU, conv(4), FLATTEN, linear(5)],
    "average pool": [conv(6), TANH, AVERAGE_POOL, conv(4), RELU, AVERAGE_POOL, FLATTEN, linear(5)],
    "kernel 7": [conv(5, 7), RELU, conv(4, 9), FLATTEN, linear(5)],
    "strides": [conv(6, 3, 2), RELU, conv(9, 5, 2), conv(5, 1, 2), FLATTEN, linear(5)],
    "gelu": [conv(6), GELU, FLATTEN, linear(9), GELU, linear(5)],
    "pool by 3": [conv(6), RELU, max_pool(3), GELU, average_pool(2), FLATTEN, linear(5)],
    "pool of all": [average_pool(3), conv(5), RELU, max_pool(2), FLATTEN],
    "gelu in residual": [GELU, conv(3), *residual(conv(3), GELU), GELU, FLATTEN, linear(5)],
    "residual": [conv(8), *residual(RELU, conv(8)), *residual(RELU, conv(8)), FLATTEN, linear(5)],
    "residual at input": [*residual(RELU), conv(4), *residual(conv(4)), FLATTEN, linear(5)],
    "residual of activation": [conv(4), *residual(TANH), *residual(RELU), FLATTEN, linear(5)],
    "residual, then relu": [conv(4), *residual(conv(4)), RELU, conv(4), RELU, FLATTEN, linear(5)],
    "residual ends in relu": [conv(4), *residual(conv(4), RELU), MAX_POOL, FLATTEN, linear(5)],
    "relu before residual": [conv(4), RELU, *residual(conv(4), RELU, conv(4)), FLATTEN, linear(5)],
    "nested": [
        conv(4),
        *residual(*residual(RELU, conv(4)), conv(4), *residual(conv(4), *residual(TANH))),
        FLATTEN,
        linear(5),
    ],
    "nested thrice": [conv(4), *residual(*residual(*residual(conv(4)))), FLATTEN, linear(5)],
    "batchnorm": [BATCH_NORM, conv(6), BATCH_NORM, RELU, MAX_POOL, conv(4), FLATTEN, linear(5)],
    "batchnorm residual": [
        conv(8),
        *residual(BATCH_NORM, RELU, conv(8)),
        MAX_POOL,
        *residual(BATCH_NORM, RELU, conv(8), BATCH_NORM),
        BATCH_NORM,
        TANH,
        FLATTEN,
        linear(5),
    ],
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize(
    ("count", "input_CHW"),
    [(16, (1, 8, 8)), (5, (3, 7, 7)), (17, (2, 9, 6)), (40, (3, 14, 13)), (3, (1, 32, 32))],
)
def test_gradients(name: str, count: int, input_CHW: tuple[int, int, int]) -> None:
    program = PROGRAMS[name]
    network, judge = pair(program, input_CHW, label_smoothing=0.1)
    images, labels = batch(count, input_CHW, 5)
    loss = network.gradient(images, labels)
    expected, _ = judge.gradient(images.astype(np.float64), labels)
    assert loss == pytest.approx(expected, rel=1e-5)
    for index, gradient in enumerate(judge.gradients):
        got = network.read(TensorKind.GRADIENTS, index)
        scale = max(np.abs(gradient).max(), 1e-2)  # a bias before batchnorm has gradient zero
        assert np.abs(got - gradient.ravel()).max() / scale < 2e-4, f"tensor {index}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_evaluation(name: str) -> None:
    network, judge = pair(PROGRAMS[name], (3, 9, 10))
    images, labels = batch(37, (3, 9, 10), 5)
    random = np.random.default_rng(1)
    for index, statistic in enumerate(judge.statistics):
        judge.statistics[index] = random.uniform(0.5, 1.5, statistic.shape)
        network.write(TensorKind.STATISTICS, index, judge.statistics[index])
        judge.statistics[index] = judge.statistics[index].astype(np.float32).astype(np.float64)
    probabilities, losses = network.evaluate(images, labels)
    assert losses is not None
    logits = judge.forward(images.astype(np.float64), training=False)
    expected_losses, expected = judge.losses(logits, labels)
    np.testing.assert_allclose(probabilities, expected, atol=2e-5)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [1, 5, 15, 16, 17, 96, 128])
def test_batch_sizes(count: int) -> None:
    """Lanes without an image add nothing to loss, gradient or statistics."""
    network, judge = pair(PROGRAMS["batchnorm residual"], (1, 12, 12))
    images, labels = batch(count, (1, 12, 12), 5)
    losses, correct = network.train(
        images, labels, np.arange(count), batch_size=count, learning_rates=[0.1]
    )
    expected, right = judge.train_step(images.astype(np.float64), labels, 0.1)
    assert losses[0] / count == pytest.approx(expected, rel=1e-5)
    assert correct[0] == right
    for index, parameter in enumerate(judge.parameters):
        got = network.read(TensorKind.PARAMETERS, index)
        np.testing.assert_allclose(got, parameter.ravel(), atol=2e-5)
    for index, statistic in enumerate(judge.statistics):
        got = network.read(TensorKind.STATISTICS, index)
        np.testing.assert_allclose(got, statistic.ravel(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "optimizer",
    [
        Optimizer(),
        Optimizer(weight_decay=0.01),
        Optimizer(momentum=0.9),
        Optimizer(momentum=0.9, nesterov=True, weight_decay=0.01),
        Optimizer(Method.ADAM),
        Optimizer(Method.ADAM, beta1=0.85, beta2=0.95, weight_decay=0.1),
        Optimizer(Method.ADAMW, weight_decay=0.1),
        Optimizer(Method.RMSPROP, beta2=0.9, epsilon=1e-3),
        Optimizer(Method.RMSPROP, momentum=0.8, beta2=0.99, epsilon=1e-3, weight_decay=0.1),
    ],
    ids=str,
)
def test_optimizers(optimizer: Optimizer) -> None:
    network, judge = pair(PROGRAMS["mlp"], (1, 5, 5), optimizer)
    images, labels = batch(50, (1, 5, 5), 5)
    rates = [0.01, 0.02, 0.005, 0.01, 0.01, 0.0, 0.01, 0.01, 0.01, 0.01]
    network.train(images, labels, np.arange(50), batch_size=5, learning_rates=rates)
    for step, rate in enumerate(rates):
        part = slice(5 * step, 5 * step + 5)
        judge.train_step(images[part].astype(np.float64), labels[part], rate)
    for index, parameter in enumerate(judge.parameters):
        got = network.read(TensorKind.PARAMETERS, index)
        np.testing.assert_allclose(got, parameter.ravel(), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "optimizer", "rate", "tolerance"),
    [
        ("mlp", Optimizer(), 0.01, 1e-3),
        ("cnn", Optimizer(), 0.01, 1e-3),
        # Adam divides by the size of the gradient, so even a weight whose gradient is nothing but
        # rounding moves by the learning rate.
        ("cnn", Optimizer(Method.ADAM), 0.001, 5e-3),
        pytest.param("residual", Optimizer(), 0.01, 1e-3, marks=pytest.mark.thorough),
        # Here the network itself magnifies rounding (a ReLU of a normalized value near zero opens
        # or stays shut): PyTorch's own float32 differs from its float64 by 0.004 to 0.006 in a
        # weight and 0.015 in a loss after fifty batches of 128, and by more with batches as small
        # as ours.
        pytest.param("residual-bn", Optimizer(), 0.025, 0.1, marks=pytest.mark.thorough),
        pytest.param("residual-bn", Optimizer(), 0.0025, 5e-3, marks=pytest.mark.thorough),
    ],
)
def test_first_fifty_steps(
    *,
    name: str,
    optimizer: Optimizer,
    rate: float,
    tolerance: float,
    digits: tuple[np.ndarray, np.ndarray],
) -> None:
    images, labels = digits
    network, judge = pair(NETWORKS[name], SMALL, optimizer)
    network.prepare(images)
    order = np.random.default_rng(5).permutation(len(images))
    losses, _ = network.train(images, labels, order, batch_size=40, learning_rates=[rate] * 50)
    for step in range(50):
        part = order[40 * step : 40 * step + 40]
        loss, _ = judge.train_step(images[part].astype(np.float64), labels[part], rate)
        assert losses[step] / 40 == pytest.approx(loss, abs=tolerance)
    for index, parameter in enumerate(judge.parameters):
        got = network.read(TensorKind.PARAMETERS, index)
        np.testing.assert_allclose(got, parameter.ravel(), atol=tolerance)


@pytest.mark.parametrize("outputs", [1, 5, 33, 64, 129])
@pytest.mark.parametrize(
    ("count", "input_CHW"), [(37, (1, 8, 8)), (5, (3, 8, 4)), (37, (1, 28, 28))]
)
def test_images_that_are_mostly_zero(
    outputs: int, count: int, input_CHW: tuple[int, int, int]
) -> None:
    """Prepared, they take another way through the first layer, to the same gradients."""
    program = [FLATTEN, linear(outputs), RELU, linear(5)]
    images, labels = batch(count, input_CHW, 5)
    images[np.random.default_rng(4).random(images.shape) < 0.8] = 0
    images[0] = 0
    gradients = []
    for threads in (1, 3):
        network, judge = pair(program, input_CHW, threads=threads)
        loss = network.gradient(images, labels)
        network.prepare(images)
        assert network.gradient(images, labels) == pytest.approx(loss, rel=1e-5)
        judge.gradient(images.astype(np.float64), labels)
        for index, gradient in enumerate(judge.gradients):
            got = network.read(TensorKind.GRADIENTS, index)
            assert relative_error(got, gradient) < 1e-5, f"tensor {index}"
            gradients.append(got.tobytes())
    half = len(gradients) // 2
    assert gradients[:half] == gradients[half:]


def test_prepared_images_are_told_from_others() -> None:
    program = [FLATTEN, linear(6), RELU, linear(5)]
    images, labels = batch(20, (1, 8, 8), 5)
    images[np.random.default_rng(4).random(images.shape) < 0.8] = 0
    network, _ = pair(program, (1, 8, 8))
    alone, _ = pair(program, (1, 8, 8))
    network.prepare(images[:10])
    with pytest.raises(ValueError, match="only the first"):
        network.gradient(images, labels)
    other = images[10:].copy()
    assert network.gradient(other, labels[10:]) == alone.gradient(other, labels[10:])


@pytest.mark.parametrize("name", NETWORKS)
def test_threads_give_the_same_bits(name: str, digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = digits
    order = np.random.default_rng(5).permutation(1000)
    results = []
    for threads in (1, 2, 3):
        network, judge = pair(NETWORKS[name], SMALL, Optimizer(momentum=0.9), threads=threads)
        losses, correct = network.train(
            images, labels, order, batch_size=128, learning_rates=[0.01] * 8
        )
        bits = losses.tobytes() + correct.tobytes()
        for index in range(len(judge.parameters)):
            bits += network.read(TensorKind.PARAMETERS, index).tobytes()
        bits += network.evaluate(images[:100])[0].tobytes()
        results.append(bits)
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", ["mlp", "batchnorm residual"])
def test_stopping_and_going_on_gives_the_same_bits(
    digits: tuple[np.ndarray, np.ndarray], name: str
) -> None:
    images, labels = digits
    order = np.arange(1000)
    program = [*PROGRAMS[name][:-1], linear(10)]
    straight, judge = pair(program, SMALL, Optimizer(Method.ADAM))
    straight.train(images, labels, order, batch_size=128, learning_rates=[0.01] * 8)
    stopped, _ = pair(program, SMALL, Optimizer(Method.ADAM))
    stopped.train(images, labels, order, batch_size=128, learning_rates=[0.01] * 3)
    resumed, _ = pair(program, SMALL, Optimizer(Method.ADAM))
    kinds = (TensorKind.PARAMETERS, TensorKind.FIRST_MOMENTS, TensorKind.SECOND_MOMENTS)
    for kind in kinds:
        for index in range(len(judge.parameters)):
            resumed.write(kind, index, stopped.read(kind, index))
    for index in range(len(judge.statistics)):
        resumed.write(TensorKind.STATISTICS, index, stopped.read(TensorKind.STATISTICS, index))
    resumed.updates = stopped.updates
    resumed.train(images, labels, order, batch_size=128, learning_rates=[0.01] * 5, first_step=3)
    for index in range(len(judge.parameters)):
        a = straight.read(TensorKind.PARAMETERS, index)
        b = resumed.read(TensorKind.PARAMETERS, index)
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("name", ["mlp", "relu, max pool", "batchnorm residual"])
def test_divergence_shows_in_the_loss(name: str) -> None:
    network, _ = pair(PROGRAMS[name], (1, 8, 8))
    images, labels = batch(32, (1, 8, 8), 5)
    network.write(TensorKind.PARAMETERS, 0, np.full(network.size(TensorKind.PARAMETERS, 0), np.nan))
    losses, _ = network.train(images, labels, np.arange(32), batch_size=32, learning_rates=[0.1])
    assert not np.isfinite(losses[0])


def test_equal_pixels_in_a_window_send_the_gradient_to_the_first() -> None:
    program = [conv(1, 1), MAX_POOL, FLATTEN, linear(2)]
    network, judge = pair(program, (1, 4, 4))
    images = np.ones((3, 1, 4, 4), dtype=np.float32)
    labels = np.array([0, 1, 1])
    network.gradient(images, labels)
    judge.gradient(images.astype(np.float64), labels)
    for index, gradient in enumerate(judge.gradients):
        assert relative_error(network.read(TensorKind.GRADIENTS, index), gradient) < 1e-5


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ([], "must end in the scores"),
        ([conv(4), RELU], "must end in the scores"),
        ([conv(4, 2), FLATTEN, linear(5)], "record 0: kernels have an odd number of rows"),
        ([FLATTEN, conv(4)], "record 1: a convolution needs a map"),
        ([linear(5)], "record 0: a linear layer needs flat features"),
        ([*residual(), FLATTEN, linear(5)], "record 1: a residual block needs a layer"),
        ([*residual(conv(4)), FLATTEN, linear(5)], "must have one shape"),
        ([conv(4), Record(Operation.RESIDUAL_BEGIN), RELU], "within a block"),
        ([conv(4), Record(Operation.RESIDUAL_END)], "was not begun"),
    ],
)
def test_networks_that_cannot_be(program: list[Record], reason: str) -> None:
    with pytest.raises(ParibusError, match=reason):
        NativeNetwork(program, (1, 8, 8))


def test_arguments_that_the_kernels_could_not_read() -> None:
    network, _ = pair(PROGRAMS["mlp"], (1, 8, 8))
    images, labels = batch(32, (1, 8, 8), 5)
    with pytest.raises(ValueError, match="float32"):
        network.gradient(images.astype(np.float64), labels)
    with pytest.raises(ValueError, match=r"must be \(N, 1, 8, 8\)"):
        network.gradient(images[:, :, :7].copy(), labels)
    with pytest.raises(ValueError, match="between 0 and 4"):
        network.gradient(images, labels + 1)
    with pytest.raises(ValueError, match="as many labels"):
        network.gradient(images, labels[:-1])
    with pytest.raises(ValueError, match="not there"):
        network.train(images, labels, np.arange(1, 33), batch_size=8, learning_rates=[0.1] * 4)
    with pytest.raises(ValueError, match="not that many batches"):
        network.train(images, labels, np.arange(32), batch_size=8, learning_rates=[0.1] * 5)
    with pytest.raises(IndexError):
        network.read(TensorKind.PARAMETERS, 6)
    with pytest.raises(ValueError, match="elements"):
        network.write(TensorKind.PARAMETERS, 0, np.zeros(3))
