// A linear layer on images that are mostly 0, as drawings are: only the pixels that are not 0 take
// part. (Of MNIST's, four in five are 0; a matrix product multiplies with all of them.)
//
// Which pixels these are differs from image to image, so here the lane is the output, not the image:
// forward, an image's outputs are the sum of its pixels' rows of weights; backward, each of its pixels
// adds to a row of the gradient. Either matrix is taken in parts of a few dozen rows, which stay in the
// first-level cache while all images of the batch pass by.
#pragma once

#include <algorithm>
#include <vector>

#include "array.h"

namespace paribus {

// A pixel that is not 0.
struct Entry {
  int32_t row;  // of weights: its place in the image
  float value;
};

// The pixels of many images that are not 0, image by image, in order of their places.
class SparseImages {
 public:
  SparseImages() = default;

  // rows_in_cache: how many places make up a part. Keeps nothing if the images are not mostly 0.
  SparseImages(const float* images, int64_t count, int features, int rows_in_cache)
      : part_(rows_in_cache), parts_((features + part_ - 1) / part_) {
    const int64_t size = count * features;
    const int64_t filled = size - std::count(images, images + size, 0.0f);
    // A pixel costs about twice as much here as in a matrix product.
    if (filled >= size / 2) return;
    pixels_ = images;
    memory_ = make_array(filled * static_cast<int64_t>(sizeof(Entry) / sizeof(float)));
    start_.reserve(static_cast<size_t>(count * parts_ + 1));
    Entry* next = entries();
    for (int64_t n = 0; n < count; ++n)
      for (int k = 0; k < features; ++k) {
        if (k % part_ == 0) start_.push_back(next - entries());
        if (const float value = images[n * features + k]; value != 0) *next++ = {k, value};
      }
    start_.push_back(filled);
  }

  bool are(const float* images) const { return pixels_ && pixels_ == images; }
  int parts() const { return parts_; }
  int rows_in_part() const { return part_; }

  // The entries of an image that lie in a part.
  const Entry* begin(int64_t image, int part) const {
    return entries() + start_[static_cast<size_t>(image * parts_ + part)];
  }
  const Entry* end(int64_t image, int part) const { return begin(image, part + 1); }
  const Entry* end(int64_t image) const { return end(image, parts_ - 1); }

 private:
  Entry* entries() const { return reinterpret_cast<Entry*>(memory_.get()); }

  const float* pixels_ = nullptr;
  int part_ = 1, parts_ = 0;
  Array memory_;
  std::vector<int64_t> start_;  // of each part of each image
};

// How many rows of so many floats stay in the first-level cache with all else that is going on.
constexpr int rows_in_cache(int stride) { return std::max(1, 6500 / stride); }

namespace detail {

// out[v] (+)= sum over the entries of value * weights[row][v], VECTORS vectors.
template <int VECTORS>
inline void gather_rows(const Entry* entry, const Entry* end, const float* weights,
                        ptrdiff_t stride, bool add, float* out) {
  vec sum[VECTORS] = {};
  if (add)
    for (int v = 0; v < VECTORS; ++v) sum[v] = load(out + v * LANES);
  for (; entry < end; ++entry) {
    const float* row = weights + entry->row * stride;
    const float value = entry->value;
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) sum[v] += value * load(row + v * LANES);
  }
  for (int v = 0; v < VECTORS; ++v) store(out + v * LANES, sum[v]);
}

// gradient[row][v] += value * slopes[v] for each entry.
template <int VECTORS>
inline void scatter_rows(const Entry* entry, const Entry* end, const float* slopes,
                         ptrdiff_t stride, float* gradient) {
  vec slope[VECTORS];
  for (int v = 0; v < VECTORS; ++v) slope[v] = load(slopes + v * LANES);
  for (; entry < end; ++entry) {
    float* row = gradient + entry->row * stride;
    vec sum[VECTORS];
    for (int v = 0; v < VECTORS; ++v) sum[v] = load(row + v * LANES) + entry->value * slope[v];
    for (int v = 0; v < VECTORS; ++v) store(row + v * LANES, sum[v]);
  }
}

// For a row of `stride` floats, as many vectors at a time as fit the registers: calls
// body(first float, number of vectors as a constant).
template <class Body, size_t... n>
inline void for_vectors(int stride, Body body, std::index_sequence<n...>) {
  constexpr int MOST = sizeof...(n);
  for (int at = 0; at < stride; at += MOST * LANES) {
    const int vectors = std::min(MOST, (stride - at) / LANES);
    ((vectors == n + 1 ? body(at, std::integral_constant<int, n + 1>()) : void()), ...);
  }
}

template <class Body>
inline void for_vectors(int stride, Body body) {
  for_vectors(stride, body, std::make_index_sequence<8>());
}

}  // namespace detail

// out[n] = the sum over image n's pixels of value * weights[place], for images first <= n < end of the
// batch, whose numbers are given. weights (features, stride), out (batch, stride), stride a multiple
// of LANES.
inline void sparse_multiply(const SparseImages& images, const int64_t* numbers, int first, int end,
                            const float* weights, int stride, float* out) {
  // The images of a batch lie all over the memory, and are sent for before they are needed.
  constexpr int AHEAD = 4, LINE = 64 / sizeof(Entry);
  for (int part = 0; part < images.parts(); ++part)
    for (int n = first; n < end; ++n) {
      if (part == 0 && n + AHEAD < end) {
        const int64_t later = numbers[n + AHEAD];
        for (const Entry* e = images.begin(later, 0); e < images.end(later); e += LINE)
          __builtin_prefetch(e);
      }
      const Entry* from = images.begin(numbers[n], part);
      const Entry* to = images.end(numbers[n], part);
      float* row = out + static_cast<ptrdiff_t>(n) * stride;
      detail::for_vectors(stride, [&](int at, auto vectors) {
        detail::gather_rows<vectors>(from, to, weights + at, stride, part > 0, row + at);
      });
    }
}

// gradient (rows of the part, stride) = the sum over the batch's images of value * slopes[image], for
// each place of the part. slopes (batch, stride).
inline void sparse_gradient(const SparseImages& images, const int64_t* numbers, int count, int part,
                            const float* slopes, int stride, float* gradient) {
  std::fill_n(gradient, static_cast<ptrdiff_t>(images.rows_in_part()) * stride, 0.0f);
  float* origin = gradient - static_cast<ptrdiff_t>(part) * images.rows_in_part() * stride;
  for (int n = 0; n < count; ++n) {
    const Entry* from = images.begin(numbers[n], part);
    const Entry* to = images.end(numbers[n], part);
    const float* row = slopes + static_cast<ptrdiff_t>(n) * stride;
    detail::for_vectors(stride, [&](int at, auto vectors) {
      detail::scatter_rows<vectors>(from, to, row + at, stride, origin + at);
    });
  }
}

}  // namespace paribus
