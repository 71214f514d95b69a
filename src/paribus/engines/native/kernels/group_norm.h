// Normalization of each image by itself, over groups of neighboring channels: lanes are images, so that
// mean and deviation are vectors, and no tile waits for another. Sums go along rows, then over rows, then
// over channels.
#pragma once

#include "arithmetic.h"
#include "batchnorm.h"
#include "map.h"

namespace paribus {

// What a group of a part's images is normalized with.
struct GroupMoments {
  vec mean, inverse_deviation;
};

namespace detail {

// The sum of element(offset) over channels first <= c < first + count.
template <class Element>
inline vec sum_of_channels(const Map& map, int first, int count, Element element) {
  vec total = zero();
  for (int c = first; c < first + count; ++c) {
    vec channel = zero();
    for (int y = 0; y < map.height; ++y) {
      const ptrdiff_t start = map.offset(c, y, 0);
      vec row = zero();
      for (int x = 0; x < map.width; ++x) row += element(start + x);
      channel += row;
    }
    total += channel;
  }
  return total;
}

// Values of a group, one over them.
inline float share_of_group(const Map& map, int groups) {
  return 1.0f / static_cast<float>(map.channels / groups * map.height * map.width);
}

}  // namespace detail

inline void group_moments(const Map& in, int groups, GroupMoments* moments_G) {
  const int channels = in.channels / groups;
  const float share = detail::share_of_group(in, groups);
  for (int g = 0; g < groups; ++g) {
    const int first = g * channels;
    const vec mean = share * detail::sum_of_channels(in, first, channels,
                                                     [&](ptrdiff_t at) { return in.data[at]; });
    const vec squares = detail::sum_of_channels(in, first, channels, [&](ptrdiff_t at) {
      const vec deviation = in.data[at] - mean;
      return deviation * deviation;
    });
    vec deviation = fma(share, squares, splat(static_cast<float>(NORM_EPSILON)));
    for (int lane = 0; lane < LANES; ++lane) deviation[lane] = std::sqrt(deviation[lane]);
    moments_G[g] = {mean, 1.0f / deviation};
  }
}

inline void group_normalize(const Map& in, int groups, const GroupMoments* moments_G,
                            const float* scale_C, const float* shift_C, bool rectified,
                            const Map& out) {
  const int channels = in.channels / groups;
  for (int c = 0; c < in.channels; ++c) {
    const GroupMoments m = moments_G[c / channels];
    const vec scale = scale_C[c] * m.inverse_deviation, shift = splat(shift_C[c]);
    detail::for_each_element(in, c, [&](ptrdiff_t at) {
      const vec y = fma(in.data[at] - m.mean, scale, shift);
      out.data[at] = rectified ? rectify(y) : y;
    });
  }
}

// Each channel's sums over one part's images, still in lanes: of dy into sums_2C, and behind them of dy
// times the normalized x. They are the gradients of shift and scale.
inline void group_gradient_sums(const Map& in, const Map& out_gradient, int groups,
                                const GroupMoments* moments_G, vec* sums_2C) {
  const int channels = in.channels / groups;
  for (int c = 0; c < in.channels; ++c) {
    const GroupMoments m = moments_G[c / channels];
    sums_2C[c] =
        detail::sum_of_channels(in, c, 1, [&](ptrdiff_t at) { return out_gradient.data[at]; });
    sums_2C[in.channels + c] =
        m.inverse_deviation * detail::sum_of_channels(in, c, 1, [&](ptrdiff_t at) {
          return out_gradient.data[at] * (in.data[at] - m.mean);
        });
  }
}

// dx = (scale dy - mean(scale dy) - x_normalized * mean(scale dy x_normalized)) / deviation [+ addend];
// the means are over the group. dx may overwrite dy or the addend.
inline void group_normalize_backward(const Map& in, const Map& out_gradient, int groups,
                                     const GroupMoments* moments_G, const float* scale_C,
                                     const vec* sums_2C, const vec* addend,
                                     const Map& in_gradient) {
  const int channels = in.channels / groups;
  const float share = detail::share_of_group(in, groups);
  for (int g = 0; g < groups; ++g) {
    const GroupMoments m = moments_G[g];
    vec offset = zero(), tilt = zero();
    for (int c = g * channels; c < (g + 1) * channels; ++c) {
      offset = fma(scale_C[c], sums_2C[c], offset);
      tilt = fma(scale_C[c], sums_2C[in.channels + c], tilt);
    }
    offset *= share;
    tilt *= share * m.inverse_deviation;
    for (int c = g * channels; c < (g + 1) * channels; ++c) {
      const vec scale = splat(scale_C[c]);
      detail::for_each_element(in, c, [&](ptrdiff_t at) {
        const vec dy = fma(scale, out_gradient.data[at], -offset);
        const vec dx = flush(m.inverse_deviation * fma(-tilt, in.data[at] - m.mean, dy));
        in_gradient.data[at] = addend ? addend[at] + dx : dx;
      });
    }
  }
}

// Adds to each of `count` numbers the sum over a tile's images of one vector of each part, parts being
// `stride` vectors apart.
inline void add_sums_of_images(const vec* vectors, ptrdiff_t stride, int count, float* to) {
  for (int first = 0; first < count; first += LANES) {
    const int n = std::min(LANES, count - first);
    vec rows[LANES] = {};
    for (int j = 0; j < n; ++j) rows[j] = sum_parts(vectors + first + j, stride);
    const vec total = sum_lanes(rows);
    for (int j = 0; j < n; ++j) to[first + j] += total[j];
  }
}

}  // namespace paribus
