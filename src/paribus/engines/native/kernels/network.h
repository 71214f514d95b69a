// A network with its parameters, trained and evaluated tile by tile.
#pragma once

#include "layer.h"
#include "optimizer.h"
#include "plan.h"
#include "threads.h"

namespace paribus {

// Images (count, C, H, W) and their labels, in the caller's memory.
struct Images {
  const float* pixels = nullptr;
  const int64_t* labels = nullptr;
  int64_t count = 0;
};

struct BatchResult {
  double loss = 0;  // summed over the images
  int64_t correct = 0;
};

class Network {
 public:
  Network(const std::vector<Record>& program, Shape input, int threads, const Optimizer& optimizer,
          float label_smoothing, double ema);

  // Images to train with often, which stay as and where they are as long as the network lives: what
  // need be done only once with them is done now.
  void prepare(const Images& images);

  // What dropout layer number `index` draws its masks from; see DropoutLayer.
  void set_dropout_key(int index, const uint64_t key[2]);

  // One update with the images of the given numbers. first: how many images came before them in this
  // epoch.
  BatchResult train(const Images& images, const int64_t* numbers, int count, int64_t first,
                    double learning_rate);

  // The gradient for these images, as in training, into gradients(); changes nothing else.
  BatchResult gradient(const Images& images, const int64_t* numbers, int count);

  // Probabilities (count, classes) of images first <= n < first + count, in evaluation mode.
  void evaluate(const Images& images, int64_t first, int64_t count, float* probabilities,
                double* losses);

  // Exchanges parameters and statistics with their moving averages.
  void exchange_averages();

  const Plan& plan() const { return plan_; }
  int classes() const { return plan_.logits.layout.shape.channels; }
  float* parameters() { return parameters_.get(); }
  float* gradients() { return gradients_.get(); }
  float* statistics() { return statistics_.get(); }
  // Null where the optimizer keeps none.
  float* first_moments() { return first_moments_.get(); }
  float* second_moments() { return second_moments_.get(); }
  // Null without a moving average
  float* averages() { return averages_.get(); }
  float* statistics_averages() { return statistics_averages_.get(); }
  int64_t updates = 0;  // made so far; Adam's correction depends on it

 private:
  // Work on one tile between two points where the whole batch must be there.
  enum class Action { forward, collect, loss, collect_backward, backward };
  struct Part {
    Action action;
    Layer* layer;
  };
  struct Phase {
    std::vector<Part> parts;
    Layer* combine = nullptr;  // what is done with the batch at the end
    bool backward = false;     // of which kind
  };

  void plan_phases();
  void reserve(int tiles);
  void average();
  void begin(const Images& images, const int64_t* numbers, int count, int64_t first, bool training);
  Tile make_tile(int index, int worker, int group);
  void load_images(const Tile& tile, int part);
  void compute_loss(Tile& tile);
  BatchResult compute_gradient(const Images& images, const int64_t* numbers, int count,
                               int64_t first);

  Plan plan_;
  Optimizer optimizer_;
  float label_smoothing_;
  double ema_;
  ThreadPool pool_;
  std::vector<Phase> phases_;

  Array parameters_, gradients_, statistics_, first_moments_, second_moments_;
  Array averages_, statistics_averages_;

  // For the batch in progress.
  int count_ = 0, tiles_ = 0, groups_ = 0, reserved_tiles_ = 0;
  bool training_ = false;
  SparseImages sparse_images_;
  std::vector<const float*> rows_;
  std::vector<int64_t> labels_;
  std::vector<BatchResult> results_;  // of each tile
  int64_t sum_size_ = 0;
  std::vector<Array>
      arenas_;   // of all parts; one a thread, or one a tile where layers need the batch
  std::vector<Array> passing_;  // one a thread
  std::vector<Array> scratch_;  // one a thread
  std::vector<Array> sums_;     // one a group
  std::vector<const float*> sum_pointers_;
};

}  // namespace paribus
