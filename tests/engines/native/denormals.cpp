// Trains networks that diverge, and prints in how many of 1,000 batches the processor met a denormal
// number: one operation with it can cost 150 cycles. For x86, whose flags say so.
#include <immintrin.h>

#include <cstdint>
#include <cstdio>
#include <vector>

#include "api.h"

#define NAME(name) name,
enum Operation : int32_t { PARIBUS_OPERATIONS(NAME) };
enum Method : int32_t { PARIBUS_METHODS(NAME) };
enum Family : int32_t { PARIBUS_TENSORS(NAME) };
#undef NAME

namespace {

constexpr int IMAGES = 320, SIDE = 12, BATCH = 32, CLASSES = 10, EPOCHS = 20;
constexpr unsigned DENORMAL = 0x02, UNDERFLOW_ = 0x10;

struct Case {
  int32_t method;
  double rate;
  std::vector<paribus_record> program;
};

// clang-format off
const std::vector<paribus_record> CNN = {
    {conv, 8, 3, 1}, {relu}, {max_pool, 0, 2}, {conv, 16, 3, 1}, {relu}, {max_pool, 0, 2},
    {conv, 32, 3, 1}, {relu}, {flatten}, {linear, CLASSES}};
const std::vector<paribus_record> MLP = {
    {flatten}, {linear, 50}, {sigmoid}, {linear, 50}, {gelu}, {linear, 50}, {tanh}, {linear, CLASSES}};
const std::vector<paribus_record> BRANCHES = {
    {conv, 8, 3, 1}, {group_norm, 0, 0, 0, 0, 0, 2}, {silu}, {residual_begin},
    {grouped_conv, 16, 3, 2, 0, 0, 8}, {leaky_relu, 0, 0, 0, 0, 0.01}, {residual_skip}, {conv, 16, 1, 2},
    {residual_end}, {concat_begin}, {conv, 8, 3, 1}, {concat_next}, {concat_end}, {global_average_pool},
    {linear, CLASSES}};
const std::vector<paribus_record> SILU_MLP = {
    {flatten}, {linear, 50}, {silu}, {linear, 50}, {leaky_relu, 0, 0, 0, 0, 0.01}, {linear, 50},
    {silu}, {linear, CLASSES}};
// clang-format on

const Case CASES[] = {{sgd, 10, CNN},      {sgd, 100, CNN},      {sgd, 10, MLP},
                      {sgd, 100, MLP},     {adam, 1, CNN},       {sgd, 10, BRANCHES},
                      {sgd, 10, SILU_MLP}, {sgd, 100, SILU_MLP}, {adam, 1, BRANCHES}};

uint32_t state = 1;
float uniform() {  // in 0 ... 1
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / (1 << 24);
}

}  // namespace

int main() {
  int batches = 0, slow = 0;
  std::vector<float> pixels(static_cast<size_t>(IMAGES) * SIDE * SIDE);
  std::vector<int64_t> labels(IMAGES), order(IMAGES);
  for (float& pixel : pixels) pixel = uniform();
  for (int n = 0; n < IMAGES; ++n) labels[n] = order[n] = n;
  for (int64_t& label : labels) label %= CLASSES;
  const paribus_images images = {pixels.data(), labels.data(), IMAGES};
  for (const Case& test : CASES) {
    paribus_settings settings = {};
    settings.channels = 1;
    settings.height = settings.width = SIDE;
    settings.threads = 1;
    settings.method = test.method;
    settings.momentum = settings.beta1 = 0.9;
    settings.beta2 = 0.999;
    settings.epsilon = 1e-8;
    settings.weight_decay = 1e-4;
    char error[200] = "";
    void* network = paribus_create(test.program.data(), static_cast<int32_t>(test.program.size()),
                                   &settings, error, sizeof error);
    for (int32_t t = 0; paribus_tensor_size(network, parameters, t) >= 0; ++t) {
      std::vector<float> values(paribus_tensor_size(network, parameters, t));
      for (float& value : values) value = 0.4f * (uniform() - 0.5f);
      paribus_write_tensor(network, parameters, t, values.data());
    }
    for (int epoch = 0; epoch < EPOCHS; ++epoch)
      for (int64_t step = 0; step < IMAGES / BATCH; ++step) {
        double loss;
        int64_t correct;
        const paribus_steps one = {order.data(), IMAGES, step, 1, BATCH, &test.rate};
        _mm_setcsr(_mm_getcsr() & ~0x3Fu);
        paribus_train(network, &images, &one, &loss, &correct);
        ++batches;
        slow += (_mm_getcsr() & (DENORMAL | UNDERFLOW_)) != 0;
      }
    paribus_destroy(network);
  }
  std::printf("%d\n", 1000 * slow / batches);
  return 0;
}
