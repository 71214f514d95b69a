// SGD, Adam, AdamW and RMSprop with PyTorch's conventions, over all parameters as one flat array.
#pragma once

#include <cmath>
#include <cstdint>

#include "api.h"
#include "arithmetic.h"

namespace paribus {

#define PARIBUS_NAME(name) name,
enum class Method : int32_t { PARIBUS_METHODS(PARIBUS_NAME) };
#undef PARIBUS_NAME

struct Optimizer {
  Method method = Method::sgd;
  double momentum = 0;  // SGD and RMSprop only
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // not SGD; RMSprop's alpha is beta2
  double weight_decay = 0;

  bool keeps_first_moment() const { return is_adam() || momentum != 0; }
  bool keeps_second_moment() const { return method != Method::sgd; }
  bool is_adam() const { return method == Method::adam || method == Method::adamw; }

  // step: how many updates were made, this one included.
  void update(float* parameters, const float* gradients, float* first, float* second, int64_t size,
              double learning_rate, int64_t step) const {
    if (method == Method::sgd)
      update_sgd(parameters, gradients, first, size, static_cast<float>(learning_rate));
    else if (method == Method::rmsprop)
      update_rmsprop(parameters, gradients, first, second, size, static_cast<float>(learning_rate));
    else
      update_adam(parameters, gradients, first, second, size, learning_rate, step);
    // What decays without end is taken for zero in the end (see arithmetic.h).
    if (step % 64 != 0) return;
    flush_all(parameters, size, SMALLEST);
    if (first) flush_all(first, size, SMALLEST_MOMENT);
    if (second) flush_all(second, size, SMALLEST_MOMENT);
  }

 private:
  // A moment that decays by 0.9 takes more than 64 steps from here to a denormal number.
  static constexpr float SMALLEST_MOMENT = 0x1p-100f;

  void update_sgd(float* parameters, const float* gradients, float* velocity, int64_t size,
                  float rate) const {
    const float decay = static_cast<float>(weight_decay), keep = static_cast<float>(momentum);
    if (momentum == 0) {
      for (int64_t j = 0; j < size; ++j) {
        const float gradient = fma(decay, parameters[j], gradients[j]);
        parameters[j] = fma(-rate, gradient, parameters[j]);
      }
      return;
    }
    for (int64_t j = 0; j < size; ++j) {
      const float gradient = fma(decay, parameters[j], gradients[j]);
      velocity[j] = fma(keep, velocity[j], gradient);
      const float step = nesterov ? fma(keep, velocity[j], gradient) : velocity[j];
      parameters[j] = fma(-rate, step, parameters[j]);
    }
  }

  void update_adam(float* parameters, const float* gradients, float* first, float* second,
                   int64_t size, double learning_rate, int64_t step) const {
    const double correction1 = 1 - power(beta1, step), correction2 = 1 - power(beta2, step);
    const float rate = static_cast<float>(learning_rate / correction1);
    const float root = static_cast<float>(std::sqrt(correction2));
    const float b1 = static_cast<float>(1 - beta1), b2 = static_cast<float>(beta2);
    const float c2 = static_cast<float>(1 - beta2), eps = static_cast<float>(epsilon);
    // AdamW shrinks the weights; Adam adds the decay to the gradient.
    const float decay = method == Method::adam ? static_cast<float>(weight_decay) : 0.0f;
    const float keep =
        method == Method::adamw ? static_cast<float>(1 - learning_rate * weight_decay) : 1.0f;
    for (int64_t j = 0; j < size; ++j) {
      const float gradient = fma(decay, parameters[j], gradients[j]);
      first[j] = fma(b1, gradient - first[j], first[j]);
      second[j] = fma(c2 * gradient, gradient, b2 * second[j]);
      const float step_size = rate * first[j] / (std::sqrt(second[j]) / root + eps);
      parameters[j] = fma(keep, parameters[j], -step_size);
    }
  }

  void update_rmsprop(float* parameters, const float* gradients, float* velocity, float* square,
                      int64_t size, float rate) const {
    const float decay = static_cast<float>(weight_decay), keep = static_cast<float>(momentum);
    const float alpha = static_cast<float>(beta2), rest = static_cast<float>(1 - beta2);
    const float eps = static_cast<float>(epsilon);
    for (int64_t j = 0; j < size; ++j) {
      const float gradient = fma(decay, parameters[j], gradients[j]);
      square[j] = fma(rest * gradient, gradient, alpha * square[j]);
      float step = gradient / (std::sqrt(square[j]) + eps);
      if (velocity) step = velocity[j] = fma(keep, velocity[j], step);
      parameters[j] = fma(-rate, step, parameters[j]);
    }
  }

  static void flush_all(float* x, int64_t size, float smallest) {
    for (int64_t j = 0; j < size; ++j) x[j] = std::fabs(x[j]) < smallest ? 0.0f : x[j];
  }
};

}  // namespace paribus
