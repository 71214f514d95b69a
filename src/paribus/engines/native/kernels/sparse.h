// A linear layer on images that are mostly 0, as drawings are: only the pixels that are not 0 take
// part. (Of MNIST's, four in five are 0; a matrix product multiplies with all of them.)
//
// Which pixels these are differs from image to image, so here the lane is the output, not the image:
// forward, an image's outputs are the sum of its pixels' rows of weights; backward, each of its pixels
// adds to a row of the gradient. Either matrix is taken in parts of some hundred rows, which stay in the
// nearest caches while all images of the batch pass by. (With fewer rows the many short loops cost
// more than the cache saves.)
#pragma once

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

  // rows_in_part: how many places make up a part. Keeps nothing if the images are not mostly 0.
  SparseImages(const float* images, int64_t count, int features, int rows_in_part)
      : features_(features),
        part_(rows_in_part),
        parts_((features + part_ - 1) / part_) {
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
  int features() const { return features_; }
  int parts() const { return parts_; }
  int rows_in_part() const { return part_; }

  // The entries of an image that lie in a part.
  const Entry* begin(int64_t image, int part) const {
    return entries() + start_[static_cast<size_t>(image * parts_ + part)];
  }
  const Entry* end(int64_t image, int part) const { return begin(image, part + 1); }

  // Sends for what begin() and end() will read.
  void prefetch_places(int64_t image) const {
    __builtin_prefetch(&start_[static_cast<size_t>(image * parts_)]);
  }

 private:
  Entry* entries() const { return reinterpret_cast<Entry*>(memory_.get()); }

  const float* pixels_ = nullptr;
  int features_ = 0, part_ = 1, parts_ = 0;
  Array memory_;
  std::vector<int64_t> start_;  // of each part of each image
};

// How many rows of so many floats make up a part: 100 KiB of them.
constexpr int rows_in_part(int stride) { return std::max(1, 25600 / stride); }

namespace detail {

typedef float four __attribute__((vector_size(16), aligned(sizeof(float)), may_alias));

inline four load_four(const float* from) { return *reinterpret_cast<const four*>(from); }

// A stretch of a row of outputs, in registers: some whole vectors, and perhaps four numbers more. (50
// outputs are three vectors of 16 and two floats; a fourth vector would make a seventh more work.)
template <int VECTORS, bool FOUR>
struct Stretch {
  vec whole[VECTORS + 1] = {};
  four rest = {};

  // this = from, this += factor * from, to = this
  void load_from(const float* from) {
    for (int v = 0; v < VECTORS; ++v) whole[v] = load(from + v * LANES);
    if (FOUR) rest = load_four(from + VECTORS * LANES);
  }
  void add(float factor, const float* from) {
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) whole[v] = fma(factor, load(from + v * LANES), whole[v]);
    if (FOUR) rest = fma(factor - four{}, load_four(from + VECTORS * LANES), rest);
  }
  void add(float factor, const Stretch& from) {
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) whole[v] = fma(factor, from.whole[v], whole[v]);
    if (FOUR) rest = fma(factor - four{}, from.rest, rest);
  }
  void store_to(float* to) const {
    for (int v = 0; v < VECTORS; ++v) store(to + v * LANES, whole[v]);
    if (FOUR) *reinterpret_cast<four*>(to + VECTORS * LANES) = rest;
  }
};

// Calls body(first float, Stretch) until a row of outputs is covered.
template <class Body, size_t... n>
inline void for_stretches(int outputs, Body body, std::index_sequence<n...>) {
  constexpr int MOST = sizeof...(n);
  for (int at = 0; at < outputs; at += MOST * LANES) {
    const int left = std::min(MOST * LANES, outputs - at);
    const bool rest = LANES > 4 && left % LANES > 0 && left % LANES <= 4;
    const int vectors = rest ? left / LANES : (left + LANES - 1) / LANES;
    ((rest && vectors == n ? body(at, Stretch<n, true>()) : void()), ...);
    ((!rest && vectors == n + 1 ? body(at, Stretch<n + 1, false>()) : void()), ...);
  }
}

template <class Body>
inline void for_stretches(int outputs, Body body) {
  for_stretches(outputs, body, std::make_index_sequence<8>());
}

// out (+)= the sum over the entries of value * their rows of weights. Meanwhile the entries from `later`
// on are sent for, a line of the cache with each that is used up: the images of a batch lie all over
// the memory, and all at once they would come too slowly.
template <class Sum>
inline void gather_rows(Sum sum, const Entry* entry, const Entry* end, const Entry* later,
                        const Entry* later_end, const float* weights, ptrdiff_t stride, bool add,
                        float* out) {
  constexpr int LINE = 64 / sizeof(Entry);
  if (add) sum.load_from(out);
  for (; end - entry >= LINE; entry += LINE, later += LINE) {
    __builtin_prefetch(later);
#pragma GCC unroll 8
    for (int j = 0; j < LINE; ++j) sum.add(entry[j].value, weights + entry[j].row * stride);
  }
  for (; entry < end; ++entry) sum.add(entry->value, weights + entry->row * stride);
  for (; later < later_end; later += LINE) __builtin_prefetch(later);
  sum.store_to(out);
}

// For each entry: its row of the gradient += value * out_gradients.
template <class OutGradients>
inline void scatter_rows(OutGradients out_gradient, const Entry* entry, const Entry* end,
                         const float* out_gradients, ptrdiff_t stride, float* gradient) {
  out_gradient.load_from(out_gradients);
  for (; entry < end; ++entry) {
    float* row = gradient + entry->row * stride;
    OutGradients sum;
    sum.load_from(row);
    sum.add(entry->value, out_gradient);
    sum.store_to(row);
  }
}

}  // namespace detail

// out[n] = the sum over image n's pixels of value * weights[place], for images first <= n < end of the
// batch, whose numbers are given. weights (features, outputs) and out (batch, outputs), their rows
// padded to whole groups.
inline void sparse_multiply(const SparseImages& images, const int64_t* numbers, int first, int end,
                            const float* weights, int outputs, float* out) {
  const int stride = whole_groups(outputs);
  constexpr int AHEAD = 4;  // images
  for (int part = 0; part < images.parts(); ++part)
    for (int n = first; n < end; ++n) {
      const Entry* from = images.begin(numbers[n], part);
      const Entry* to = images.end(numbers[n], part);
      if (part == 0) images.prefetch_places(numbers[std::min(n + 2 * AHEAD, end - 1)]);
      const int64_t later = numbers[std::min(n + AHEAD, end - 1)];
      const Entry* later_from = images.begin(later, part);
      const Entry* later_to = images.end(later, part);
      float* row = out + static_cast<ptrdiff_t>(n) * stride;
      detail::for_stretches(outputs, [&](int at, auto sum) {
        detail::gather_rows(sum, from, to, later_from, later_to, weights + at, stride, part > 0,
                            row + at);
      });
    }
}

// gradient (features, outputs) = the sum over the batch's images of value * out_gradients[image], in
// the rows of one part. out_gradients (batch, outputs); rows padded to whole groups.
inline void sparse_gradient(const SparseImages& images, const int64_t* numbers, int count, int part,
                            const float* out_gradients, int outputs, float* gradient) {
  const int stride = whole_groups(outputs);
  const int first = part * images.rows_in_part();
  const int rows = std::min(images.rows_in_part(), images.features() - first);
  std::fill_n(gradient + static_cast<ptrdiff_t>(first) * stride,
              static_cast<ptrdiff_t>(rows) * stride, 0.0f);
  for (int n = 0; n < count; ++n) {
    const Entry* from = images.begin(numbers[n], part);
    const Entry* to = images.end(numbers[n], part);
    const float* row = out_gradients + static_cast<ptrdiff_t>(n) * stride;
    detail::for_stretches(outputs, [&](int at, auto out_gradient) {
      detail::scatter_rows(out_gradient, from, to, row + at, stride, gradient + at);
    });
  }
}

}  // namespace paribus
