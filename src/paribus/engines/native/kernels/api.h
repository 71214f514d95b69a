// The C interface of the kernels. library.py declares the same on its side, and compares the two as it
// loads a library (paribus_describe).
#pragma once

#include <stdint.h>

// To be raised with every change to this file.
#define PARIBUS_INTERFACE 9

// To be raised with every change after which a training ends with other bits: runs record it, and those
// of two numbers are not mixed.
#define PARIBUS_BITS 1

// Every code that crosses the interface, by name; a code is a name's place in its list.
// clang-format off
#define PARIBUS_OPERATIONS(X) \
  X(conv) X(max_pool) X(average_pool) X(relu) X(tanh) X(sigmoid) X(gelu) X(batch_norm) \
  X(dropout) X(flatten) X(linear) X(residual_begin) X(residual_end) X(leaky_relu) X(silu) \
  X(global_average_pool) X(residual_skip) X(concat_begin) X(concat_next) X(concat_end) X(group_norm) \
  X(grouped_conv)
#define PARIBUS_METHODS(X) X(sgd) X(adam) X(adamw) X(rmsprop)
#define PARIBUS_TENSORS(X) \
  X(parameters) X(gradients) X(statistics) X(first_moments) X(second_moments) \
  X(averages) X(statistics_averages)
// clang-format on

#ifdef _WIN32
#define PARIBUS_EXPORT extern "C" __declspec(dllexport)
#else
#define PARIBUS_EXPORT extern "C" __attribute__((visibility("default")))
#endif

// One layer of a network's program.
struct paribus_record {
  int32_t operation;
  int32_t outputs;  // channels of a convolution, features of a linear layer
  int32_t size;  // rows and columns of a convolution's kernel or a pooling's window
  int32_t stride;  // of a convolution
  double probability;  // of dropout, that a value becomes zero
  double negative_slope;  // of a leaky ReLU, below zero
  int32_t groups;  // of channels, that are normalized together, or convolved apart
};

struct paribus_settings {
  int32_t channels, height, width;  // of an image
  int32_t threads;
  int32_t method;  // the optimizer
  int32_t nesterov;  // 0 or 1
  double momentum, beta1, beta2, epsilon, weight_decay;
  double label_smoothing;
  double ema;  // decay of the moving average of parameters and statistics; 0 for none
};

// Images (count, channels, height, width) and their labels.
struct paribus_images {
  const float* pixels;
  const int64_t* labels;  // null where none are known
  int64_t count;
};

// Updates number first <= s < first + steps of an epoch. Batch s is order[s * batch_size ...], the last
// one what is left of it.
struct paribus_steps {
  const int64_t* order;
  int64_t order_size;
  int64_t first;
  int32_t steps;
  int32_t batch_size;
  const double* learning_rates;  // (steps)
};

// What this library is, as "name=value" joined by ";": interface, bits, sources (their digest), lanes (of
// a vector register), and the names and sizes of what is declared above.
PARIBUS_EXPORT const char* paribus_describe();

// Returns null and fills `error` if the network cannot be built.
PARIBUS_EXPORT void* paribus_create(const struct paribus_record* program, int32_t records,
                                    const struct paribus_settings* settings, char* error,
                                    int32_t error_size);
PARIBUS_EXPORT void paribus_destroy(void* network);
PARIBUS_EXPORT int32_t paribus_classes(void* network);

// How many floats a tensor has, -1 if there is none of that index.
PARIBUS_EXPORT int64_t paribus_tensor_size(void* network, int32_t family, int32_t index);
PARIBUS_EXPORT void paribus_read_tensor(void* network, int32_t family, int32_t index, float* to);
PARIBUS_EXPORT void paribus_write_tensor(void* network, int32_t family, int32_t index,
                                         const float* from);

// Optimizer steps made so far.
PARIBUS_EXPORT int64_t paribus_updates(void* network);
PARIBUS_EXPORT void paribus_set_updates(void* network, int64_t updates);

// Exchanges parameters and statistics with their moving averages, to evaluate these, and back.
PARIBUS_EXPORT void paribus_exchange_averages(void* network);

// Sets the key of NumPy's generator Philox that dropout layer number `index` of the program draws its
// masks from, for all batches of an epoch to come.
PARIBUS_EXPORT void paribus_set_dropout_key(void* network, int32_t index, const uint64_t key[2]);

// Says with which images the network will be trained (see Network::prepare); only makes it faster.
PARIBUS_EXPORT void paribus_prepare(void* network, const struct paribus_images* images);

// losses (sums over the batch) and correct: one of each per step.
PARIBUS_EXPORT void paribus_train(void* network, const struct paribus_images* images,
                                  const struct paribus_steps* steps, double* losses,
                                  int64_t* correct);

// The gradient of the mean loss of all these images, read with paribus_read_tensor; returns the sum
// of their losses.
PARIBUS_EXPORT double paribus_gradient(void* network, const struct paribus_images* images);

// probabilities (count, classes); losses (count), or null when there are no labels.
PARIBUS_EXPORT void paribus_evaluate(void* network, const struct paribus_images* images,
                                     float* probabilities, double* losses);
