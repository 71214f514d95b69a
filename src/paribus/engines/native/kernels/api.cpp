// The C interface that library.py calls. Nothing here throws: failures come back as messages.
#include <cstdio>
#include <exception>

#include "network.h"

using paribus::Images;
using paribus::Network;
using paribus::Optimizer;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum Kind : int32_t { PARAMETERS, GRADIENTS, STATISTICS, FIRST_MOMENTS, SECOND_MOMENTS };

// One tensor of a family; without data if there is none of that index.
struct Elements {
  float* data = nullptr;
  paribus::Tensor tensor;

  float& operator[](int64_t j) const { return data[tensor.place(j)]; }
};

Elements elements(Network& network, int32_t kind, int32_t index) {
  const auto& list =
      kind == STATISTICS ? network.plan().statistics : network.plan().parameters;
  if (index < 0 || index >= static_cast<int32_t>(list.size())) return {};
  float* base = nullptr;
  switch (kind) {
    case PARAMETERS: base = network.parameters(); break;
    case GRADIENTS: base = network.gradients(); break;
    case STATISTICS: base = network.statistics(); break;
    case FIRST_MOMENTS: base = network.first_moments(); break;
    case SECOND_MOMENTS: base = network.second_moments(); break;
  }
  return {base, list[index]};
}

}  // namespace

// How many images one vector holds, for the record of what ran where.
EXPORT int32_t paribus_lanes() { return paribus::LANES; }

// program: `records` times three integers (plan.h). optimizer: method, nesterov (integers);
// settings: momentum, beta1, beta2, epsilon, weight decay, label smoothing.
// Returns null and fills `error` if the network cannot be built.
EXPORT void* paribus_create(const int32_t* program, int32_t records, const int32_t* input_CHW,
                            int32_t threads, const int32_t* method, const double* settings,
                            char* error, int32_t error_size) {
  try {
    std::vector<paribus::Record> list(records);
    for (int32_t r = 0; r < records; ++r)
      list[r] = {static_cast<paribus::Operation>(program[3 * r]), program[3 * r + 1],
                 program[3 * r + 2]};
    Optimizer optimizer;
    optimizer.method = static_cast<paribus::Method>(method[0]);
    optimizer.nesterov = method[1] != 0;
    optimizer.momentum = settings[0];
    optimizer.beta1 = settings[1];
    optimizer.beta2 = settings[2];
    optimizer.epsilon = settings[3];
    optimizer.weight_decay = settings[4];
    return new Network(list, {input_CHW[0], input_CHW[1], input_CHW[2]}, threads, optimizer,
                       static_cast<float>(settings[5]));
  } catch (const std::exception& problem) {
    std::snprintf(error, static_cast<size_t>(error_size), "%s", problem.what());
    return nullptr;
  }
}

EXPORT void paribus_destroy(void* network) { delete static_cast<Network*>(network); }

EXPORT int32_t paribus_classes(void* network) { return static_cast<Network*>(network)->classes(); }

// How many floats a tensor has, -1 if there is none of that index.
EXPORT int64_t paribus_tensor_size(void* network, int32_t kind, int32_t index) {
  const Elements found = elements(*static_cast<Network*>(network), kind, index);
  return found.data ? found.tensor.size : -1;
}

EXPORT void paribus_read_tensor(void* network, int32_t kind, int32_t index, float* to) {
  const Elements from = elements(*static_cast<Network*>(network), kind, index);
  for (int64_t j = 0; j < from.tensor.size; ++j) to[j] = from[j];
}

EXPORT void paribus_write_tensor(void* network, int32_t kind, int32_t index, const float* from) {
  const Elements to = elements(*static_cast<Network*>(network), kind, index);
  for (int64_t j = 0; j < to.tensor.size; ++j) to[j] = from[j];
}

EXPORT int64_t paribus_updates(void* network) { return static_cast<Network*>(network)->updates; }

EXPORT void paribus_set_updates(void* network, int64_t updates) {
  static_cast<Network*>(network)->updates = updates;
}

// Says with which images the network will be trained (see Network::prepare); only makes it faster.
EXPORT void paribus_prepare(void* network, const float* pixels, int64_t count) {
  static_cast<Network*>(network)->prepare({pixels, nullptr, count});
}

// Updates number first <= s < first + steps of an epoch: batch s is order[s * batch_size ...], the
// last one what is left of it. learning_rates, losses (sums over the batch) and correct are indexed
// by s - first.
EXPORT void paribus_train(void* network, const float* pixels, const int64_t* labels,
                          const int64_t* order, int64_t order_size, int32_t batch_size,
                          int64_t first, int32_t steps, const double* learning_rates,
                          double* losses, int64_t* correct) {
  const Images images{pixels, labels, 0};
  for (int32_t s = 0; s < steps; ++s) {
    const int64_t start = (first + s) * batch_size;
    const int64_t left = order_size - start;
    const int count = static_cast<int>(left < batch_size ? left : batch_size);
    const paribus::BatchResult result =
        static_cast<Network*>(network)->train(images, order + start, count, learning_rates[s]);
    losses[s] = result.loss;
    correct[s] = result.correct;
  }
}

// The gradient of the mean loss of these images, read with paribus_read_tensor; returns their sum.
EXPORT double paribus_gradient(void* network, const float* pixels, const int64_t* labels,
                               const int64_t* order, int32_t count) {
  return static_cast<Network*>(network)->gradient({pixels, labels, 0}, order, count).loss;
}

// probabilities (count, classes); losses (count), or null when there are no labels.
EXPORT void paribus_evaluate(void* network, const float* pixels, const int64_t* labels,
                             int64_t count, float* probabilities, double* losses) {
  static_cast<Network*>(network)->evaluate({pixels, labels, count}, 0, count, probabilities,
                                           labels ? losses : nullptr);
}
