// Batch normalization over a batch that is made of tiles.
//
// Mean and variance need the whole batch: each tile gives its own (about its own mean, which loses
// no digits), and they are combined in the order of the tiles (Chan, Golub, LeVeque 1979).
#pragma once

#include "arithmetic.h"
#include "map.h"

namespace paribus {

constexpr double NORM_EPSILON = 1e-5;
constexpr double NORM_MOMENTUM = 0.1;

struct Moments {
  double count = 0, mean = 0, squares = 0;  // squares: sum of squared deviations from the mean

  void add(const Moments& other) {
    const double total = count + other.count;
    if (total == 0) return;
    const double step = other.mean - mean;
    squares += other.squares + step * step * count * other.count / total;
    mean += step * other.count / total;
    count = total;
  }
};

namespace detail {

// Calls body(offset) for every element of a channel.
template <class Body>
inline void for_each_element(const Map& map, int channel, Body body) {
  for (int y = 0; y < map.height; ++y) {
    const ptrdiff_t start = map.offset(channel, y, 0);
    for (int x = 0; x < map.width; ++x) body(start + x);
  }
}

// Over the live images of a tile, in order.
inline double sum_of_images(const vec (&x)[PARTS], int live) {
  double total = 0;
  for (int part = 0; part < PARTS; ++part)
    for (int lane = 0; lane < live_in_part(live, part); ++lane) total += x[part][lane];
  return total;
}

}  // namespace detail

// Moments of each channel over the tile's live images.
inline void tile_moments(const Parts<Map>& in, int live, Moments* moments_C) {
  for (int c = 0; c < in[0].channels; ++c) {
    Moments& result = moments_C[c];
    result.count = static_cast<double>(live) * in[0].height * in[0].width;
    vec sums[PARTS], deviations[PARTS], squares[PARTS];
    for (int part = 0; part < PARTS; ++part) {
      vec sum = zero();
      detail::for_each_element(in[part], c, [&](ptrdiff_t at) { sum += in[part].data[at]; });
      sums[part] = sum;
    }
    result.mean = detail::sum_of_images(sums, live) / result.count;
    const float mean = static_cast<float>(result.mean);
    for (int part = 0; part < PARTS; ++part) {
      vec deviation = zero(), squared = zero();
      detail::for_each_element(in[part], c, [&](ptrdiff_t at) {
        const vec d = in[part].data[at] - mean;
        deviation += d;
        squared = fma(d, d, squared);
      });
      deviations[part] = deviation;
      squares[part] = squared;
    }
    const double off = detail::sum_of_images(deviations, live);  // what rounding the mean left
    result.squares = detail::sum_of_images(squares, live) - off * off / result.count;
  }
}

// What one channel is normalized with: y = (x - mean) * scale + shift, scale = weight / deviation.
struct Normalizer {
  float mean, scale, shift;
  float inverse_deviation;
};

inline Normalizer normalizer(double mean, double variance, float weight, float bias) {
  const double inverse = 1.0 / std::sqrt(variance + NORM_EPSILON);
  return {static_cast<float>(mean), static_cast<float>(weight * inverse), bias,
          static_cast<float>(inverse)};
}

inline void normalize(const Map& in, const Normalizer* normalizer_C, bool rectified,
                      const Map& out) {
  for (int c = 0; c < in.channels; ++c) {
    const Normalizer n = normalizer_C[c];
    detail::for_each_element(in, c, [&](ptrdiff_t at) {
      const vec y = fma(in.data[at] - n.mean, splat(n.scale), splat(n.shift));
      out.data[at] = rectified ? rectify(y) : y;
    });
  }
}

// A channel's sums over the batch that its gradient needs (and that are the gradients of bias and
// weight): of dy, and of dy times the normalized x.
struct GradientSums {
  double gradient = 0, gradient_x = 0;
};

inline void gradient_sums(const Parts<Map>& in, const Parts<Map>& out_gradient,
                          const Normalizer* normalizer_C, int live, GradientSums* sums_C) {
  for (int c = 0; c < in[0].channels; ++c) {
    const Normalizer n = normalizer_C[c];
    vec gradients[PARTS], gradients_x[PARTS];
    for (int part = 0; part < PARTS; ++part) {
      vec gradient = zero(), gradient_x = zero();
      detail::for_each_element(in[part], c, [&](ptrdiff_t at) {
        const vec dy = out_gradient[part].data[at];
        gradient += dy;
        gradient_x = fma(dy, in[part].data[at] - n.mean, gradient_x);
      });
      gradients[part] = gradient;
      gradients_x[part] = gradient_x;
    }
    sums_C[c].gradient = detail::sum_of_images(gradients, live);
    sums_C[c].gradient_x = detail::sum_of_images(gradients_x, live) * n.inverse_deviation;
  }
}

// dx = scale * (dy - mean(dy) - x_normalized * mean(dy * x_normalized)) [+ addend], zero in dead
// lanes. dx may overwrite dy or the addend. sums_C: over the batch; count: values per channel; live:
// images of this part.
inline void normalize_backward(const Map& in, const Map& out_gradient,
                               const Normalizer* normalizer_C, const GradientSums* sums_C,
                               double count, int live, const vec* addend, const Map& in_gradient) {
  mask alive = splat_int(0);
  for (int lane = 0; lane < live; ++lane) alive[lane] = -1;
  for (int c = 0; c < in.channels; ++c) {
    const Normalizer n = normalizer_C[c];
    const float offset = static_cast<float>(sums_C[c].gradient / count);
    const float tilt = static_cast<float>(sums_C[c].gradient_x / count * n.inverse_deviation);
    detail::for_each_element(in, c, [&](ptrdiff_t at) {
      const vec dy = out_gradient.data[at];
      const vec dx = flush(n.scale * fma(-tilt, in.data[at] - n.mean, dy - offset));
      const vec live_dx = select(alive, dx, zero());
      in_gradient.data[at] = addend ? addend[at] + live_dx : live_dx;
    });
  }
}

}  // namespace paribus
