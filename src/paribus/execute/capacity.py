"""How many batches this machine trains at once."""

from __future__ import annotations

from paribus.allotment import available_cores, available_memory
from paribus.execute.protocol import Capacity, GpuLimit, MemoryLimit, Order


def capacity_here(order: Order) -> Capacity:
    """Return where an order is trained on this machine: a batch on each core, but no more than
    memory has room for, and one on each GPU where runs train on it."""
    cores = available_cores()
    if order.gpu:
        # PyTorch, which knows how many there are, takes a second to load.
        from paribus.engines.gpus import gpus

        return capacity(order, cores, available_memory(), gpus())
    return capacity(order, cores, available_memory())


def capacity(order: Order, cores: int, memory: int | None, gpus: int = 0) -> Capacity:
    """Return where an order is trained, given what there is.

    memory: bytes; None if that is not known. gpus: 0 if runs train on none.
    """
    if order.jobs is not None:
        return Capacity(min(order.jobs, order.runs), order.jobs)
    found = Capacity(min(cores, order.runs), cores)
    if gpus and gpus < found.slots:
        found = Capacity(gpus, cores, GpuLimit(gpus))
    if memory is not None and order.memory * found.slots > memory:
        room = max(1, memory // order.memory)
        found = Capacity(room, cores, MemoryLimit(order.memory, memory))
    return found
