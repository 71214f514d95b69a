// Softmax cross entropy with label smoothing, for a tile.
#pragma once

#include "functions.h"

namespace paribus {

struct TileLoss {
  double loss[GROUP] = {};
  int correct = 0;
};

// probabilities[class] = softmax of logits[class]; returns log(sum(exp(logits))) in each lane.
inline vec softmax(const vec* logits, int classes, vec* probabilities) {
  vec top = logits[0];
  for (int c = 1; c < classes; ++c) top = larger(logits[c], top);
  vec sum = zero();
  for (int c = 0; c < classes; ++c) sum += probabilities[c] = exponential(logits[c] - top);
  const vec share = 1.0f / sum;
  for (int c = 0; c < classes; ++c) probabilities[c] *= share;
  return logarithm(sum) + top;
}

// Adds the losses of a part's `live` images. labels: of a tile. With smoothing s, the target is 1 - s
// for the label plus s / classes for every class (PyTorch).
inline void add_cross_entropy(const vec* logits, vec log_sum, int classes, const int64_t* labels,
                              int part, int live, float smoothing, TileLoss& result) {
  for (int lane = 0; lane < live; ++lane) {
    int best = 0;
    double mean = 0;
    for (int c = 0; c < classes; ++c) {
      if (logits[c][lane] > logits[best][lane]) best = c;
      mean += logits[c][lane];
    }
    mean /= classes;
    const int image = part * LANES + lane;
    const double label = logits[labels[image]][lane];
    result.loss[image] = log_sum[lane] - (1.0 - smoothing) * label - smoothing * mean;
    result.correct += best == labels[image];
  }
}

// gradient[class] = scale * (probability - target); zero in dead lanes. May overwrite its input. labels,
// live: of this part.
inline void cross_entropy_gradient(const vec* probabilities, int classes, const int64_t* labels,
                                   int live, float smoothing, float scale, vec* gradient) {
  mask label = splat_int(-1), alive = splat_int(0);
  for (int lane = 0; lane < live; ++lane) {
    label[lane] = static_cast<int32_t>(labels[lane]);
    alive[lane] = -1;
  }
  const float elsewhere = smoothing / static_cast<float>(classes);
  for (int c = 0; c < classes; ++c) {
    const vec target = select(label == c, splat(1.0f - smoothing + elsewhere), splat(elsewhere));
    gradient[c] = select(alive, scale * flush(probabilities[c] - target), zero());
  }
}

}  // namespace paribus
