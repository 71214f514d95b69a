// Trains the networks of a group for two epochs, and writes all results, byte for byte, to the
// standard output: test_bits.py compares them between instruction sets and compilers. The groups
// together have every layer; a new one gets a group of its own, so that the others show that nothing
// else has changed.
//
// Usage: bits GROUP THREADS RESUMED; with RESUMED = 1 each training is stopped after the first epoch, and a
// new network goes on from its tensors.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "api.h"

#define NAME(name) name,
enum Operation : int32_t { PARIBUS_OPERATIONS(NAME) };
enum Method : int32_t { PARIBUS_METHODS(NAME) };
enum Family : int32_t { PARIBUS_TENSORS(NAME) };
#undef NAME

namespace {

constexpr int IMAGES = 53, BATCH = 37, CLASSES = 5;

struct Case {
  int32_t channels, height, width;
  int32_t method;
  bool mostly_zero;
  double rate;
  std::vector<paribus_record> program;
  double ema = 0;
};

// clang-format off
const std::map<std::string, std::vector<Case>> GROUPS = {
  {"first", {
    {1, 8, 8, sgd, true, 0.1,
     {{flatten}, {linear, 50}, {relu}, {dropout, 0, 0, 0, 0.3}, {linear, 21}, {batch_norm}, {sigmoid},
      {linear, CLASSES}}},
    {3, 10, 11, adam, false, 0.01,
     {{conv, 8, 3, 1}, {relu}, {max_pool, 0, 3}, {conv, 16, 3, 1}, {tanh}, {conv, 9, 3, 2}, {gelu},
      {dropout, 0, 0, 0, 0.5}, {flatten}, {linear, CLASSES}}},
    {1, 12, 12, sgd, false, 0.05,
     {{conv, 8, 3, 1}, {residual_begin}, {relu}, {conv, 8, 3, 1}, {residual_end}, {max_pool, 0, 2},
      {conv, 16, 3, 1}, {residual_begin}, {relu}, {conv, 16, 3, 1}, {residual_end}, {relu}, {flatten},
      {linear, CLASSES}}},
    {2, 7, 6, adamw, false, 0.01,
     {{conv, 6, 5, 1}, {batch_norm}, {relu}, {conv, 24, 3, 1}, {residual_begin}, {batch_norm}, {relu},
      {conv, 24, 3, 1}, {residual_end}, {average_pool, 0, 2}, {conv, 5, 1, 1}, {conv, 4, 7, 1}, {flatten},
      {linear, CLASSES}}},
    // It diverges.
    {1, 8, 8, sgd, false, 1e6,
     {{conv, 8, 3, 1}, {relu}, {conv, 8, 3, 1}, {tanh}, {flatten}, {linear, 20}, {relu},
      {linear, CLASSES}}},
  }},
  {"activations", {
    {2, 9, 7, adam, false, 0.01,
     {{conv, 6, 3, 1}, {silu}, {residual_begin}, {conv, 6, 3, 1}, {leaky_relu, 0, 0, 0, 0, 0.2},
      {residual_end}, {max_pool, 0, 2}, {leaky_relu, 0, 0, 0, 0, 0.01}, {flatten}, {linear, 19}, {silu},
      {linear, CLASSES}}},
    // It diverges.
    {1, 8, 8, sgd, false, 1e6,
     {{conv, 8, 3, 1}, {leaky_relu, 0, 0, 0, 0, 0.1}, {conv, 8, 3, 1}, {silu}, {flatten},
      {linear, CLASSES}}},
  }},
  {"branches", {
    {2, 9, 8, sgd, false, 0.05,
     {{conv, 8, 3, 1}, {residual_begin}, {conv, 6, 3, 2}, {relu}, {conv, 6, 3, 1}, {residual_skip},
      {conv, 6, 1, 2}, {residual_end}, {relu}, {concat_begin}, {concat_next}, {conv, 5, 3, 1}, {relu},
      {concat_next}, {residual_begin}, {tanh}, {residual_end}, {concat_end}, {relu}, {conv, 7, 3, 1},
      {global_average_pool}, {linear, CLASSES}}},
    {1, 8, 7, adam, false, 0.01,
     {{residual_begin}, {conv, 8, 3, 1}, {batch_norm}, {residual_skip}, {conv, 8, 1, 1}, {batch_norm},
      {residual_end}, {relu}, {concat_begin}, {batch_norm}, {relu}, {conv, 4, 3, 1}, {concat_next},
      {concat_end}, {batch_norm}, {relu}, {concat_begin}, {global_average_pool}, {concat_next},
      {max_pool, 0, 2}, {flatten}, {concat_end}, {dropout, 0, 0, 0, 0.2}, {linear, CLASSES}}},
    // It diverges.
    {1, 8, 8, sgd, true, 1e6,
     {{flatten}, {residual_begin}, {linear, 64}, {residual_end}, {residual_begin}, {linear, 30},
      {residual_skip}, {linear, 30}, {tanh}, {residual_end}, {linear, CLASSES}}},
  }},
  {"norms", {
    {2, 9, 7, adam, false, 0.01,
     {{conv, 9, 3, 1}, {group_norm, 0, 0, 0, 0, 0, 3}, {relu}, {residual_begin}, {conv, 9, 3, 1},
      {group_norm, 0, 0, 0, 0, 0, 1}, {residual_end}, {silu}, {global_average_pool},
      {group_norm, 0, 0, 0, 0, 0, 3}, {linear, CLASSES}}},
    // It diverges.
    {1, 8, 8, sgd, false, 1e6,
     {{conv, 20, 3, 1}, {group_norm, 0, 0, 0, 0, 0, 2}, {conv, 8, 3, 2}, {relu}, {flatten},
      {linear, 18}, {group_norm, 0, 0, 0, 0, 0, 1}, {linear, CLASSES}}},
  }},
  {"groups", {
    {2, 9, 7, adam, false, 0.01,
     {{grouped_conv, 8, 3, 1, 0, 0, 2}, {relu}, {grouped_conv, 12, 5, 1, 0, 0, 4}, {batch_norm}, {relu},
      {grouped_conv, 12, 3, 1, 0, 0, 12}, {residual_begin}, {relu}, {grouped_conv, 12, 3, 1, 0, 0, 3},
      {residual_end}, {grouped_conv, 6, 7, 2, 0, 0, 3}, {flatten}, {linear, CLASSES}}},
    // It diverges.
    {1, 8, 8, sgd, false, 1e6,
     {{conv, 8, 3, 1}, {relu}, {grouped_conv, 8, 3, 1, 0, 0, 8}, {tanh}, {flatten}, {linear, CLASSES}}},
  }},
  {"recipes", {
    {2, 7, 6, rmsprop, false, 0.01,
     {{conv, 6, 5, 1}, {batch_norm}, {relu}, {flatten}, {linear, CLASSES}}, 0.9},
    {1, 8, 8, sgd, true, 0.1, {{flatten}, {linear, 50}, {batch_norm}, {tanh}, {linear, CLASSES}}, 0.99},
    // It diverges.
    {1, 8, 8, sgd, false, 1e6, {{conv, 8, 3, 1}, {relu}, {flatten}, {linear, CLASSES}}, 0.5},
  }},
};
// clang-format on

uint32_t state;
float uniform() {  // in -0.5 ... 0.5
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / (1 << 24) - 0.5f;
}

void* create(const Case& test, int threads) {
  paribus_settings settings = {};
  settings.channels = test.channels;
  settings.height = test.height;
  settings.width = test.width;
  settings.threads = threads;
  settings.method = test.method;
  settings.nesterov = 1;
  settings.momentum = settings.beta1 = 0.9;
  settings.beta2 = 0.99;
  settings.epsilon = 1e-8;
  settings.weight_decay = 0.01;
  settings.label_smoothing = 0.1;
  settings.ema = test.ema;
  char error[200] = "";
  void* network = paribus_create(test.program.data(), static_cast<int32_t>(test.program.size()),
                                 &settings, error, sizeof error);
  if (!network) std::fprintf(stderr, "%s\n", error);
  return network;
}

template <class T>
void write(const std::vector<T>& values) {
  std::fwrite(values.data(), sizeof(T), values.size(), stdout);
}

std::vector<float> tensor(void* network, int32_t family, int32_t index) {
  std::vector<float> values(paribus_tensor_size(network, family, index));
  paribus_read_tensor(network, family, index, values.data());
  return values;
}

void* resume(void* stopped, const Case& test, int threads) {
  void* network = create(test, threads);
  for (int32_t family :
       {parameters, statistics, first_moments, second_moments, averages, statistics_averages})
    for (int32_t t = 0; paribus_tensor_size(network, family, t) >= 0; ++t)
      paribus_write_tensor(network, family, t, tensor(stopped, family, t).data());
  paribus_set_updates(network, paribus_updates(stopped));
  paribus_destroy(stopped);
  return network;
}

bool run(const Case& test, int threads, bool resumed) {
  state = 1;
  void* network = create(test, threads);
  if (!network) return false;
  for (int32_t family : {parameters, statistics})
    for (int32_t t = 0; paribus_tensor_size(network, family, t) >= 0; ++t) {
      std::vector<float> values(paribus_tensor_size(network, family, t));
      for (float& value : values) value = family == statistics ? 1.0f : 0.5f * uniform();
      paribus_write_tensor(network, family, t, values.data());
    }
  std::vector<float> pixels(static_cast<size_t>(IMAGES) * test.channels * test.height * test.width);
  for (float& pixel : pixels) pixel = test.mostly_zero && uniform() < 0.3f ? 0.0f : uniform();
  std::vector<int64_t> labels(IMAGES), order(IMAGES);
  for (int n = 0; n < IMAGES; ++n) labels[n] = n % CLASSES;
  const paribus_images images = {pixels.data(), labels.data(), IMAGES};
  paribus_prepare(network, &images);
  const int steps = (IMAGES + BATCH - 1) / BATCH;
  std::vector<double> rates(steps, test.rate), losses(steps), image_losses(IMAGES);
  std::vector<int64_t> correct(steps);
  std::vector<float> probabilities(static_cast<size_t>(IMAGES) * CLASSES);
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (int n = 0; n < IMAGES; ++n) order[n] = (n * 20 + 7 * epoch) % IMAGES;
    if (epoch == 1 && resumed) {
      network = resume(network, test, threads);
      paribus_prepare(network, &images);
    }
    for (int32_t index : {0, 1, 2}) {
      const uint64_t key[2] = {7u + epoch, 0x123456789abcdefu + index};
      paribus_set_dropout_key(network, index, key);
    }
    const paribus_steps all = {order.data(), IMAGES, 0, steps, BATCH, rates.data()};
    paribus_train(network, &images, &all, losses.data(), correct.data());
    paribus_exchange_averages(network);
    paribus_evaluate(network, &images, probabilities.data(), image_losses.data());
    paribus_exchange_averages(network);
    write(losses);
    write(correct);
    write(probabilities);
    write(image_losses);
  }
  for (int32_t family : {parameters, gradients, statistics, first_moments, second_moments, averages,
                         statistics_averages})
    for (int32_t t = 0; paribus_tensor_size(network, family, t) >= 0; ++t)
      write(tensor(network, family, t));
  paribus_destroy(network);
  return true;
}

}  // namespace

int main(int, char** arguments) {
  for (const Case& test : GROUPS.at(arguments[1]))
    if (!run(test, std::atoi(arguments[2]), std::atoi(arguments[3]) != 0)) return 1;
  return 0;
}
