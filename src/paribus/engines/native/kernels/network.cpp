#include "network.h"

#include <algorithm>
#include <cmath>

#include "layers.h"
#include "loss.h"

namespace paribus {

// The tiles of a batch fall into at most this many groups of neighbors, each with a gradient sum
// of its own. The groups depend on the batch alone, and are summed in order: so the result is the
// bit-identical for any number of threads.
constexpr int MOST_GROUPS = 16;

// average += share * (value - average); what is next to nothing becomes 0 (see arithmetic.h).
static void move_towards(float* average, const float* value, int64_t size, float share) {
  for (int64_t j = 0; j < size; ++j) {
    const float moved = fma(share, value[j] - average[j], average[j]);
    average[j] = std::fabs(moved) < SMALLEST ? 0.0f : moved;
  }
}

Network::Network(const std::vector<Record>& program, Shape input, int threads,
                 const Optimizer& optimizer, float label_smoothing, double ema)
    : plan_(make_plan(program, input)),
      optimizer_(optimizer),
      label_smoothing_(label_smoothing),
      ema_(ema),
      pool_(threads),
      parameters_(make_array(plan_.parameter_size)),
      gradients_(make_array(plan_.parameter_size)),
      statistics_(make_array(plan_.statistics_size)) {
  if (optimizer.keeps_first_moment()) first_moments_ = make_array(plan_.parameter_size);
  if (optimizer.keeps_second_moment()) second_moments_ = make_array(plan_.parameter_size);
  if (ema > 0) {
    averages_ = make_array(plan_.parameter_size);
    statistics_averages_ = make_array(plan_.statistics_size);
  }
  int64_t scratch = 0;
  for (auto& layer : plan_.layers) {
    layer->bind({parameters_.get(), gradients_.get(), statistics_.get()});
    layer->sum_at = sum_size_;
    sum_size_ += layer->sum_size();
    scratch = std::max(scratch, layer->scratch_size());
  }
  for (int worker = 0; worker < pool_.size(); ++worker) {
    arenas_.push_back(make_vectors(plan_.arena_size * PARTS));
    passing_.push_back(make_vectors(plan_.passing_size * PARTS));
    scratch_.push_back(make_vectors(scratch));
  }
  plan_phases();
}

void Network::plan_phases() {
  phases_.emplace_back();
  const auto& layers = plan_.layers;
  for (auto layer = layers.begin(); layer != layers.end(); ++layer) {
    if ((*layer)->needs_batch()) {
      phases_.back().parts.push_back({Action::collect, layer->get()});
      phases_.back().combine = layer->get();
      phases_.emplace_back();
    }
    phases_.back().parts.push_back({Action::forward, layer->get()});
  }
  phases_.back().parts.push_back({Action::loss, nullptr});
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    if ((*layer)->needs_batch()) {
      phases_.back().parts.push_back({Action::collect_backward, layer->get()});
      phases_.back().combine = layer->get();
      phases_.back().backward = true;
      phases_.emplace_back();
    }
    phases_.back().parts.push_back({Action::backward, layer->get()});
  }
}

// Memory for batches of this many tiles.
void Network::reserve(int tiles) {
  if (tiles <= reserved_tiles_) return;
  reserved_tiles_ = tiles;
  for (auto& layer : plan_.layers) layer->reserve(tiles);
  results_.resize(tiles);
  while (static_cast<int>(sums_.size()) < std::min(tiles, MOST_GROUPS)) {
    sums_.push_back(make_array(sum_size_));
    sum_pointers_.push_back(sums_.back().get());
  }
  if (plan_.needs_batch)
    while (static_cast<int>(arenas_.size()) < tiles)
      arenas_.push_back(make_vectors(plan_.arena_size * PARTS));
}

void Network::begin(const Images& images, const int64_t* numbers, int count, int64_t first,
                    bool training) {
  count_ = count;
  tiles_ = (count + GROUP - 1) / GROUP;
  training_ = training;
  const int64_t size = plan_.input.layout.shape.size();
  rows_.resize(count);
  labels_.resize(count);
  for (int n = 0; n < count; ++n) {
    rows_[n] = images.pixels + numbers[n] * size;
    labels_[n] = images.labels ? images.labels[numbers[n]] : 0;
  }
  if (training) {
    reserve(tiles_);
    groups_ = std::min(tiles_, MOST_GROUPS);
  }
  const bool sparse = sparse_images_.are(images.pixels);
  const Batch batch{count,       first, rows_.data(), numbers, sparse ? &sparse_images_ : nullptr,
                    pool_.size()};
  for (auto& layer : plan_.layers) layer->begin_step(batch, training);
}

void Network::set_dropout_key(int index, const uint64_t key[2]) {
  for (auto& layer : plan_.layers)
    if (auto* dropout = dynamic_cast<DropoutLayer*>(layer.get()); dropout && index-- == 0)
      dropout->set_key(key);
}

void Network::prepare(const Images& images) {
  const int most = plan_.layers.front()->sparse_rows();
  if (most == 0) return;
  // Each thread needs a part of the gradient to work on.
  const int features = plan_.input.layout.shape.size(), threads = pool_.size();
  const int rows = std::min(most, (features + threads - 1) / threads);
  sparse_images_ = SparseImages(images.pixels, images.count, features, rows);
}

Tile Network::make_tile(int index, int worker, int group) {
  Tile tile;
  tile.index = index;
  tile.live = std::min(GROUP, count_ - index * GROUP);
  tile.training = training_;
  tile.arena = vectors(arenas_[training_ && plan_.needs_batch ? index : worker]);
  tile.part_size = plan_.arena_size;
  tile.passing = vectors(passing_[worker]);
  tile.passing_part_size = plan_.passing_size;
  tile.scratch = vectors(scratch_[worker]);
  tile.gradient_sum = group < 0 ? nullptr : sums_[group].get();
  return tile;
}

// From images in memory to a map of vectors: blocks of LANES pixels of LANES images, transposed.
void Network::load_images(const Tile& tile, int part) {
  const Map map = plan_.input.map(tile, part);
  const float* const* rows = rows_.data() + tile.index * GROUP + part * LANES;
  const int live = live_in_part(tile.live, part);
  const int size = map.channels * map.height * map.width;
  int c = 0, y = 0, x = 0;
  for (int first = 0; first < size; first += LANES) {
    const int pixels = std::min(LANES, size - first);
    vec block[LANES] = {};
    for (int lane = 0; lane < live; ++lane) {
      if (pixels == LANES)
        block[lane] = load(rows[lane] + first);
      else
        for (int j = 0; j < pixels; ++j) block[lane][j] = rows[lane][first + j];
    }
    transpose(block);
    for (int j = 0; j < pixels; ++j) {
      *map.at(c, y, x) = block[j];
      if (++x == map.width) {
        x = 0;
        if (++y == map.height) {
          y = 0;
          ++c;
        }
      }
    }
  }
}

void Network::compute_loss(Tile& tile) {
  const int64_t* labels = labels_.data() + tile.index * GROUP;
  const float scale = 1.0f / static_cast<float>(count_);
  TileLoss loss;
  for (int part = 0; part < PARTS; ++part) {
    const vec* logits = plan_.logits.map(tile, part).data;
    vec* gradient = plan_.logits_gradient.map(tile, part).data;
    const int live = live_in_part(tile.live, part);
    const vec log_sum = softmax(logits, classes(), gradient);
    add_cross_entropy(logits, log_sum, classes(), labels, part, live, label_smoothing_, loss);
    cross_entropy_gradient(gradient, classes(), labels + part * LANES, live, label_smoothing_,
                           scale, gradient);
  }
  BatchResult& result = results_[tile.index];
  result = {};
  for (int image = 0; image < tile.live; ++image) result.loss += loss.loss[image];
  result.correct = loss.correct;
}

BatchResult Network::compute_gradient(const Images& images, const int64_t* numbers, int count,
                                      int64_t first_image) {
  begin(images, numbers, count, first_image, true);
  Layer& front = *plan_.layers.front();
  pool_.run(front.row_jobs(), [&](int job, int) { front.run_row_job(job); });
  for (const Phase& phase : phases_) {
    const bool first = &phase == &phases_.front();
    pool_.run(groups_, [&](int group, int worker) {
      if (first) std::fill_n(sums_[group].get(), sum_size_, 0.0f);
      const int begin = tiles_ * group / groups_, end = tiles_ * (group + 1) / groups_;
      for (int index = begin; index < end; ++index) {
        Tile tile = make_tile(index, worker, group);
        if (first && !front.reads_rows())
          for (int part = 0; part < PARTS; ++part) load_images(tile, part);
        for (const Part& part : phase.parts) {
          switch (part.action) {
            case Action::forward: part.layer->forward(tile); break;
            case Action::collect: part.layer->collect(tile); break;
            case Action::loss: compute_loss(tile); break;
            case Action::collect_backward: part.layer->collect_backward(tile); break;
            case Action::backward: part.layer->backward(tile); break;
          }
        }
      }
    });
    if (phase.combine && !phase.backward) phase.combine->combine();
    if (phase.combine && phase.backward) phase.combine->combine_backward();
  }
  for (auto& layer : plan_.layers) {
    if (layer->sum_size() > 0) layer->reduce(sum_pointers_.data(), groups_);
    pool_.run(layer->gradient_jobs(), [&](int job, int) { layer->run_gradient_job(job); });
  }
  BatchResult total;
  for (int t = 0; t < tiles_; ++t) {
    total.loss += results_[t].loss;
    total.correct += results_[t].correct;
  }
  return total;
}

BatchResult Network::gradient(const Images& images, const int64_t* numbers, int count) {
  return compute_gradient(images, numbers, count, 0);
}

BatchResult Network::train(const Images& images, const int64_t* numbers, int count, int64_t first,
                           double learning_rate) {
  const BatchResult result = compute_gradient(images, numbers, count, first);
  for (auto& layer : plan_.layers) layer->update_statistics();
  ++updates;
  optimizer_.update(parameters_.get(), gradients_.get(), first_moments_.get(),
                    second_moments_.get(), plan_.parameter_size, learning_rate, updates);
  if (averages_) average();
  return result;
}

// The mean of what parameters and statistics were after each update so far, those of i updates ago
// weighing ema^i.
void Network::average() {
  const float share = static_cast<float>((1 - ema_) / (1 - power(ema_, updates)));
  move_towards(averages_.get(), parameters_.get(), plan_.parameter_size, share);
  move_towards(statistics_averages_.get(), statistics_.get(), plan_.statistics_size, share);
}

void Network::exchange_averages() {
  if (!averages_) return;
  std::swap_ranges(parameters_.get(), parameters_.get() + plan_.parameter_size, averages_.get());
  std::swap_ranges(statistics_.get(), statistics_.get() + plan_.statistics_size,
                   statistics_averages_.get());
}

void Network::evaluate(const Images& images, int64_t first, int64_t count, float* probabilities,
                       double* losses) {
  std::vector<int64_t> numbers(count);
  for (int64_t n = 0; n < count; ++n) numbers[n] = first + n;
  begin(images, numbers.data(), static_cast<int>(count), 0, false);
  const int k = classes();
  pool_.run(tiles_, [&](int index, int worker) {
    Tile tile = make_tile(index, worker, -1);
    for (int part = 0; part < PARTS; ++part) load_images(tile, part);
    for (auto& layer : plan_.layers) layer->forward(tile);
    const int64_t start = static_cast<int64_t>(index) * GROUP;
    TileLoss loss;
    for (int part = 0; part < PARTS; ++part) {
      const vec* logits = plan_.logits.map(tile, part).data;
      vec* shares = plan_.logits_gradient.map(tile, part).data;
      const int live = live_in_part(tile.live, part);
      const vec log_sum = softmax(logits, k, shares);
      for (int lane = 0; lane < live; ++lane)
        for (int c = 0; c < k; ++c)
          probabilities[(start + part * LANES + lane) * k + c] = canonical(shares[c][lane]);
      // What is measured is the plain cross entropy; smoothing is a way to train.
      const float no_smoothing = 0;
      if (losses)
        add_cross_entropy(logits, log_sum, k, labels_.data() + start, part, live, no_smoothing,
                          loss);
    }
    if (losses)
      for (int image = 0; image < tile.live; ++image)
        losses[start + image] = canonical(loss.loss[image]);
  });
}

}  // namespace paribus
