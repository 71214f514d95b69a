// Feature maps: a view of one tile's activations, or of their gradients.
#pragma once

#include "simd.h"

namespace paribus {

// Channels, height, width of one image's activations; a flat vector of features is (n, 1, 1).
struct Shape {
  int channels = 0;
  int height = 1;
  int width = 1;

  int size() const { return channels * height * width; }
  bool operator==(const Shape& other) const {
    return channels == other.channels && height == other.height && width == other.width;
  }
};

// Where the elements of a map lie, in vectors. Around the map lies a border of zeros, wide enough
// for every kernel that reads it: `border` before the first row and column, and after the last one
// as much plus what is missing to the next multiple of four (Winograd reads blocks of four).
struct Layout {
  Shape shape;
  int border = 0;

  Layout() = default;
  Layout(Shape shape_, int border_) : shape(shape_), border(border_) {}

  ptrdiff_t row() const { return border == 0 ? shape.width : 2 * border + round_up(shape.width); }
  ptrdiff_t plane() const {
    return row() * (border == 0 ? shape.height : 2 * border + round_up(shape.height));
  }
  ptrdiff_t vectors() const { return plane() * shape.channels; }
  ptrdiff_t origin() const { return border * row() + border; }

 private:
  static ptrdiff_t round_up(int n) { return (n + 3) / 4 * 4; }
};

// A map in memory. Element (channel, y, x) is at(channel, y, x)[0], one vector of LANES images of one part of a tile;
// y and x may reach into the border.
struct Map {
  vec* data = nullptr;  // element (0, 0, 0)
  int channels = 0, height = 0, width = 0;
  ptrdiff_t row = 0, plane = 0;

  Map() = default;
  Map(vec* block, const Layout& layout)
      : data(block + layout.origin()),
        channels(layout.shape.channels),
        height(layout.shape.height),
        width(layout.shape.width),
        row(layout.row()),
        plane(layout.plane()) {}

  // Some of its channels.
  Map channels_from(int first, int count) const {
    Map some = *this;
    some.data += first * plane;
    some.channels = count;
    return some;
  }

  ptrdiff_t offset(int channel, int y, int x) const { return channel * plane + y * row + x; }
  vec* at(int channel, int y, int x) const { return data + offset(channel, y, x); }
};

}  // namespace paribus
