// Nothing here throws: failures come back as messages.
#include "api.h"

#include <cstdio>
#include <exception>
#include <numeric>
#include <string>

#include "network.h"

using paribus::Images;
using paribus::Network;
using paribus::Optimizer;
using paribus::StandardArithmetic;

#ifndef PARIBUS_SOURCES
#define PARIBUS_SOURCES "unknown"  // build.py says
#endif

namespace {

#define NAME(name) name,
enum class Family : int32_t { PARIBUS_TENSORS(NAME) };
#undef NAME

// One tensor of a family; without data if there is none of that index.
struct Elements {
  float* data = nullptr;
  paribus::Tensor tensor;

  float& operator[](int64_t j) const { return data[tensor.place(j)]; }
};

Elements elements(Network& network, int32_t family, int32_t index) {
  const bool statistics = static_cast<Family>(family) == Family::statistics ||
                          static_cast<Family>(family) == Family::statistics_averages;
  const auto& list = statistics ? network.plan().statistics : network.plan().parameters;
  if (index < 0 || index >= static_cast<int32_t>(list.size())) return {};
  float* base = nullptr;
  switch (static_cast<Family>(family)) {
    case Family::parameters: base = network.parameters(); break;
    case Family::gradients: base = network.gradients(); break;
    case Family::statistics: base = network.statistics(); break;
    case Family::first_moments: base = network.first_moments(); break;
    case Family::second_moments: base = network.second_moments(); break;
    case Family::averages: base = network.averages(); break;
    case Family::statistics_averages: base = network.statistics_averages(); break;
  }
  return {base, list[index]};
}

Network& network_of(void* network) { return *static_cast<Network*>(network); }

Images images_of(const paribus_images* images) {
  return {images->pixels, images->labels, images->count};
}

}  // namespace

#define TEXT_(value) #value
#define TEXT(value) TEXT_(value)
#define NAME(name) #name ","

const char* paribus_describe() {
  static const std::string text = [] {
    std::string all = "interface=" TEXT(PARIBUS_INTERFACE);
    all += ";bits=" TEXT(PARIBUS_BITS);
    all += ";sources=" PARIBUS_SOURCES ";";  // is_fresh of build.py looks for it
    all += "lanes=" + std::to_string(paribus::LANES);
    all += ";operations=" PARIBUS_OPERATIONS(NAME);
    all += ";methods=" PARIBUS_METHODS(NAME);
    all += ";tensors=" PARIBUS_TENSORS(NAME);
    all += ";sizes=";
    for (size_t size : {sizeof(paribus_record), sizeof(paribus_settings), sizeof(paribus_images),
                        sizeof(paribus_steps)})
      all += std::to_string(size) + ",";
    return all;
  }();
  return text.c_str();
}

#undef NAME

void* paribus_create(const paribus_record* program, int32_t records,
                     const paribus_settings* settings, char* error, int32_t error_size) {
  try {
    std::vector<paribus::Record> list;
    for (const paribus_record* r = program; r < program + records; ++r)
      list.push_back({static_cast<paribus::Operation>(r->operation), r->outputs, r->size, r->stride,
                      r->probability, r->negative_slope, r->groups});
    Optimizer optimizer;
    optimizer.method = static_cast<paribus::Method>(settings->method);
    optimizer.nesterov = settings->nesterov != 0;
    optimizer.momentum = settings->momentum;
    optimizer.beta1 = settings->beta1;
    optimizer.beta2 = settings->beta2;
    optimizer.epsilon = settings->epsilon;
    optimizer.weight_decay = settings->weight_decay;
    return new Network(list, {settings->channels, settings->height, settings->width},
                       settings->threads, optimizer, static_cast<float>(settings->label_smoothing),
                       settings->ema);
  } catch (const std::exception& problem) {
    std::snprintf(error, static_cast<size_t>(error_size), "%s", problem.what());
    return nullptr;
  }
}

void paribus_destroy(void* network) { delete static_cast<Network*>(network); }

int32_t paribus_classes(void* network) { return network_of(network).classes(); }

int64_t paribus_tensor_size(void* network, int32_t family, int32_t index) {
  const Elements found = elements(network_of(network), family, index);
  return found.data ? found.tensor.size : -1;
}

void paribus_read_tensor(void* network, int32_t family, int32_t index, float* to) {
  const Elements from = elements(network_of(network), family, index);
  for (int64_t j = 0; j < from.tensor.size; ++j) to[j] = paribus::canonical(from[j]);
}

void paribus_write_tensor(void* network, int32_t family, int32_t index, const float* from) {
  const Elements to = elements(network_of(network), family, index);
  for (int64_t j = 0; j < to.tensor.size; ++j) to[j] = from[j];
}

int64_t paribus_updates(void* network) { return network_of(network).updates; }

void paribus_set_updates(void* network, int64_t updates) { network_of(network).updates = updates; }

void paribus_exchange_averages(void* network) { network_of(network).exchange_averages(); }

void paribus_set_dropout_key(void* network, int32_t index, const uint64_t key[2]) {
  network_of(network).set_dropout_key(index, key);
}

void paribus_prepare(void* network, const paribus_images* images) {
  network_of(network).prepare(images_of(images));
}

void paribus_train(void* network, const paribus_images* images, const paribus_steps* steps,
                   double* losses, int64_t* correct) {
  const StandardArithmetic arithmetic;
  for (int32_t s = 0; s < steps->steps; ++s) {
    const int64_t start = (steps->first + s) * steps->batch_size;
    const int64_t left = steps->order_size - start;
    const int count = static_cast<int>(left < steps->batch_size ? left : steps->batch_size);
    const paribus::BatchResult result = network_of(network).train(
        images_of(images), steps->order + start, count, start, steps->learning_rates[s]);
    losses[s] = paribus::canonical(result.loss);
    correct[s] = result.correct;
  }
}

double paribus_gradient(void* network, const paribus_images* images) {
  const StandardArithmetic arithmetic;
  std::vector<int64_t> order(static_cast<size_t>(images->count));
  std::iota(order.begin(), order.end(), 0);
  return network_of(network)
      .gradient(images_of(images), order.data(), static_cast<int>(images->count))
      .loss;
}

void paribus_evaluate(void* network, const paribus_images* images, float* probabilities,
                      double* losses) {
  const StandardArithmetic arithmetic;
  network_of(network).evaluate(images_of(images), 0, images->count, probabilities,
                               images->labels ? losses : nullptr);
}
