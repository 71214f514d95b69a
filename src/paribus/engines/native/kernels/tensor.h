// Where parameters and statistics lie within one flat array.
#pragma once

#include <cstdint>

namespace paribus {

// A tensor's elements lie in PyTorch's order, but for a matrix (rows, columns) that is kept transposed:
// as `columns` rows of `stride` floats, padded with zeros.
struct Tensor {
  int64_t at = 0;
  int64_t size = 0;
  int columns = 0, stride = 0;  // 0: not transposed

  // Floats that it takes up, padding included.
  int64_t room() const { return stride == 0 ? size : static_cast<int64_t>(columns) * stride; }

  // Where the element lies that is number j in PyTorch's order.
  int64_t place(int64_t j) const {
    return at + (stride == 0 ? j : j % columns * stride + j / columns);
  }
};

}  // namespace paribus
