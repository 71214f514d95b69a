// Dropout's masks: the numbers that NumPy's generator Philox draws for the engines written in Python,
// made here out of order. (Random123's Philox4x64-10, Salmon et al. 2011: four numbers of 64 bits are a
// function of a key and a counter.)
#pragma once

#include "map.h"

namespace paribus {

struct Philox {
  uint64_t key[2] = {0, 0};

  // The numbers 4 * block ... 4 * block + 3 of the stream.
  void draw(uint64_t block, uint64_t (&numbers)[4]) const {
    __extension__ typedef unsigned __int128 wide;
    uint64_t k0 = key[0], k1 = key[1];
    uint64_t c0 = block + 1, c1 = 0, c2 = 0, c3 = 0;  // NumPy counts before it draws
    for (int round = 0; round < 10; ++round) {
      const wide a = static_cast<wide>(0xD2E7470EE14C6C93u) * c0;
      const wide b = static_cast<wide>(0xCA5A826395121157u) * c2;
      c0 = static_cast<uint64_t>(b >> 64) ^ c1 ^ k0;
      c1 = static_cast<uint64_t>(b);
      c2 = static_cast<uint64_t>(a >> 64) ^ c3 ^ k1;
      c3 = static_cast<uint64_t>(a);
      k0 += 0x9E3779B97F4A7C15u;
      k1 += 0xBB67AE8584CAA73Bu;
    }
    numbers[0] = c0;
    numbers[1] = c1;
    numbers[2] = c2;
    numbers[3] = c3;
  }
};

// mask = 0 with probability p, else 1 / (1 - p), for the first `live` images of a part, the first of
// which is number `first` of the epoch. Image n has the draws from n * (values of an image) on, in the
// order of channels, rows and columns.
inline void draw_mask(const Philox& philox, double p, int64_t first, int live, const Map& mask) {
  // A draw is k / 2^53 with a whole k; it is kept if it is at least p.
  const double bound = p * 9007199254740992.0;
  uint64_t least = static_cast<uint64_t>(bound);
  if (static_cast<double>(least) < bound) ++least;
  const float kept = static_cast<float>(1 / (1 - p));
  const int64_t size = static_cast<int64_t>(mask.channels) * mask.height * mask.width;
  if (live < LANES)  // dead lanes are zero
    for (int c = 0; c < mask.channels; ++c)
      for (int y = 0; y < mask.height; ++y)
        std::fill(mask.at(c, y, 0), mask.at(c, y, mask.width), zero());
  for (int lane = 0; lane < live; ++lane) {
    uint64_t numbers[4] = {};
    uint64_t at = static_cast<uint64_t>((first + lane) * size);
    if (at % 4 != 0) philox.draw(at / 4, numbers);
    for (int c = 0; c < mask.channels; ++c)
      for (int y = 0; y < mask.height; ++y) {
        float* to = reinterpret_cast<float*>(mask.at(c, y, 0)) + lane;
        for (int x = 0; x < mask.width; ++x, ++at, to += LANES) {
          if (at % 4 == 0) philox.draw(at / 4, numbers);
          *to = numbers[at % 4] >> 11 >= least ? kept : 0.0f;
        }
      }
  }
}

// to = from * mask [+ addend]; any of them may be one map.
inline void apply_mask(const Map& from, const Map& mask, const vec* addend, const Map& to) {
  for (int c = 0; c < from.channels; ++c)
    for (int y = 0; y < from.height; ++y) {
      const ptrdiff_t start = from.offset(c, y, 0);
      for (ptrdiff_t at = start; at < start + from.width; ++at) {
        const vec masked = from.data[at] * mask.data[at];
        to.data[at] = addend ? addend[at] + masked : masked;
      }
    }
}

inline void copy_map(const Map& from, const Map& to) {
  for (int c = 0; c < from.channels; ++c)
    for (int y = 0; y < from.height; ++y)
      std::copy(from.at(c, y, 0), from.at(c, y, from.width), to.at(c, y, 0));
}

}  // namespace paribus
